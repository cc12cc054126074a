//! Every metric that there is: its name, its labels and what it says. What is not in this table cannot be exported, and the
//! tests hold the documentation, the dashboard and the alerts against it.

/// What a Prometheus server calls its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    pub name: &'static str,
    pub is: Type,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

macro_rules! metrics {
    ($($id:ident = $is:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(pub(super) const $id: Metric = Metric {
            name: $name,
            is: Type::$is,
            labels: &[$($label),*],
            help: $help,
        };)*
        pub const ALL: &[Metric] = &[$($id),*];
    };
}

metrics! {
    BUILD = Gauge "breakerbox_build_info" ["version"] "1; the version that runs.";

    // What callers saw.
    USERS = Gauge "breakerbox_users_state" ["state"] "1 for the word that the screen's first line says of the last minute: idle, ok, degraded, canned or failing.";
    EXCHANGES = Counter "breakerbox_exchanges_total" ["route", "outcome"] "Requests that ended, by how they ended for their caller.";
    ANSWERS = Counter "breakerbox_answers_total" ["route", "rung"] "Requests that got an answer, by rung: 0 the first tier, 1 the cache, 2 a tier below, 3 the canned text.";
    EXCHANGE_SECONDS = Histogram "breakerbox_exchange_duration_seconds" [] "Time to the end of the whole answer, as callers saw it; without callers' mistakes and those who left.";
    CACHE_HITS = Counter "breakerbox_cache_hits_total" ["route", "how"] "Requests that the cache answered: the same question to the letter, spelled differently, or an answer past its age since nobody else gave one.";
    CLIENT_RETRIES = Counter "breakerbox_client_retries_total" [] "Requests that an SDK said it was sending again.";
    ROUTE_ALL = Gauge "breakerbox_route_deployments" ["route"] "Deployments of the route, those that take nothing included.";
    ROUTE_SERVING = Gauge "breakerbox_route_deployments_serving" ["route"] "Deployments of the route that take callers' requests, at least some.";
    RUNG3 = Gauge "breakerbox_rung3_on" ["route"] "1 while somebody has switched the route to the canned text.";

    // Deployments.
    ATTEMPTS = Counter "breakerbox_attempts_total" ["deployment", "class"] "Calls for callers' requests that ended, by class of their end.";
    TTFT_SECONDS = Histogram "breakerbox_attempt_ttft_seconds" ["deployment"] "Time to the first content of a stream.";
    TOTAL_SECONDS = Histogram "breakerbox_attempt_duration_seconds" ["deployment"] "Time to the whole answer of an attempt that succeeded.";
    OUTPUT_TOKENS = Counter "breakerbox_output_tokens_total" ["deployment"] "Tokens that callers' requests were answered with.";
    IN_FLIGHT = Gauge "breakerbox_attempts_in_flight" ["deployment"] "Calls for callers' requests under way when the last second ended.";
    FALLBACKS = Counter "breakerbox_fallbacks_total" ["deployment"] "Failed calls of requests that went on to another tier or rung, each second try too. Requests are counted by outcome.";
    HEDGES = Counter "breakerbox_hedges_total" ["deployment", "result"] "First tokens so late that the next tier was asked too: won if that one was faster.";
    BROKEN_STREAMS = Counter "breakerbox_broken_streams_total" ["deployment", "result"] "Streams that broke off when the caller had a part of them: rescued by another deployment, or ended with an explicit error.";
    FINDINGS = Counter "breakerbox_findings_total" ["deployment", "finding"] "Answers with something visibly wrong in them.";
    CANARIES = Counter "breakerbox_canaries_total" ["deployment", "result"] "Prompts of our own that ended. They are in no other count of attempts.";

    // Breakers.
    STATE = Gauge "breakerbox_breaker_state" ["deployment", "state"] "1 for the state that holds, forces included.";
    SERVING = Gauge "breakerbox_breaker_serving" ["deployment"] "1 while the deployment takes callers' requests, at least some.";
    ADMITTED = Gauge "breakerbox_breaker_admitted_ratio" ["deployment"] "Share of requests that the breaker lets through: between 0 and 1 while it ramps.";
    TRANSITIONS = Counter "breakerbox_breaker_transitions_total" ["deployment", "to", "reason"] "Moves of the breaker.";
    WOULD_TRIP = Counter "breakerbox_breaker_would_trip_total" ["deployment"] "Times that a breaker would have opened, were everything not admitted.";
    MOVED = Gauge "breakerbox_breaker_last_move_timestamp_seconds" ["deployment"] "When the breaker moved last, or its deployment was first known.";
    NEXT_MOVE = Gauge "breakerbox_breaker_next_move_timestamp_seconds" ["deployment"] "When the breaker moves next by itself; absent when it does not.";
    SUSPICION = Gauge "breakerbox_breaker_suspicion_ratio" ["deployment"] "Evidence as a share of what opens the breaker, of errors or of quality, whichever is worse.";
    ERR_THRESHOLD = Gauge "breakerbox_breaker_err_threshold_ratio" [] "breaker.err_threshold of the configuration.";
    JUDGE_THRESHOLD = Gauge "breakerbox_breaker_judge_threshold_ratio" [] "breaker.judge_threshold of the configuration.";
    FORCES = Counter "breakerbox_forces_total" ["deployment", "force"] "Forces that somebody laid over a breaker.";
    FORCE_EXPIRY = Gauge "breakerbox_force_expiry_timestamp_seconds" ["deployment"] "When the force ends; absent when there is none.";
    GATES = Counter "breakerbox_gates_total" ["deployment", "class"] "Times that the provider asked us to stay away, or to stay away longer.";
    GATE_EXPIRY = Gauge "breakerbox_gate_expiry_timestamp_seconds" ["deployment"] "Until when the provider asks us to stay away; absent when it does not.";
    PROBES = Counter "breakerbox_probes_total" ["deployment", "result"] "Probes that came back.";

    // Judges.
    SCORES = Histogram "breakerbox_judge_score_ratio" ["deployment"] "Scores of sampled answers, 0 to 1; its sum over its count is their mean.";
    MEAN = Gauge "breakerbox_judge_mean_ratio" ["deployment"] "The judge's mean over the last hour, as the screen shows it; absent without scores.";
    MEAN_SAMPLES = Gauge "breakerbox_judge_mean_samples" ["deployment"] "How many scores that mean is over.";
    SAMPLED = Gauge "breakerbox_judge_sample_ratio" ["deployment"] "Share of the deployment's answers that is judged.";
    BLIND = Gauge "breakerbox_judge_blind" ["deployment"] "1 while nobody can judge the deployment's answers.";
    JUDGE_CALLS = Counter "breakerbox_judge_calls_total" ["judge", "result"] "Calls to a judge: ok if it gave a score.";
    JUDGE_TOKENS = Counter "breakerbox_judge_tokens_total" ["judge", "direction"] "Tokens of calls to a judge.";
    JUDGE_SPEND = Counter "breakerbox_judge_spend_dollars_total" ["judge"] "What calls to a judge cost in US dollars, estimated.";
    JUDGE_UNPRICED = Counter "breakerbox_judge_unpriced_calls_total" ["judge"] "Calls to a judge whose price nobody knows: they are not in what was spent.";
    DISMISSED = Gauge "breakerbox_judge_dismissed" ["judge"] "1 while the judge is at fault and its scores count for nothing.";
    DRIFTING = Gauge "breakerbox_judge_drifting" ["judge"] "1 while everything that the judge scores became worse at once.";

    // Faults and drills.
    FAULTS = Gauge "breakerbox_faults_active" ["deployment"] "Faults that are injected now.";
    FAULT_HITS = Counter "breakerbox_fault_hits_total" ["deployment"] "Calls for callers' requests that an injected fault hit.";
    DRILL_RUNNING = Gauge "breakerbox_drill_running" [] "1 while a drill runs.";
    DRILL_LAST = Gauge "breakerbox_drill_last_timestamp_seconds" [] "When the last drill of this configuration ended; absent when none is known.";
    DRILL_PASSED = Gauge "breakerbox_drill_last_passed" [] "1 if it passed; absent when none is known.";
    DRILLS = Counter "breakerbox_drills_total" ["result"] "Drills that ended.";

    // The router itself.
    RELOADED = Counter "breakerbox_config_reloads_total" ["result"] "New configurations, taken over or refused.";
    RELOAD_OK = Gauge "breakerbox_config_last_reload_successful" [] "1 unless the last new configuration was refused.";
    RELOAD_AT = Gauge "breakerbox_config_last_reload_success_timestamp_seconds" [] "When the configuration that holds was taken over.";
    COMMANDS = Counter "breakerbox_commands_total" ["result"] "Operators' commands.";
    JOURNAL_STOPPED = Gauge "breakerbox_journal_stopped" [] "1 while events are not recorded although they should be.";
    JOURNAL_MISSED = Counter "breakerbox_journal_missed_events_total" [] "Events that are in no journal.";
    SUPPRESSED = Counter "breakerbox_events_suppressed_total" ["kind"] "Events that the cap per second kept from journals and screens. They are in these counts.";
    LOST = Counter "breakerbox_events_lost_total" [] "Events that nobody could take in time. While this rises, all other counts are too low.";
    TRACE_SPANS = Counter "breakerbox_trace_spans_total" ["result"] "Spans of traces: sent, dropped since too many waited, or failed at the collector; absent without traces.";
    NETWORK_DOWN = Gauge "breakerbox_own_network_down" [] "1 while every provider fails to connect at once.";
    FLEET_REACHABLE = Gauge "breakerbox_fleet_reachable" [] "1 while the other replicas can be reached; absent without a fleet.";
    FLEET_PEERS = Gauge "breakerbox_fleet_peers" [] "Other replicas that are known; absent without a fleet.";

    // The process, under the names that every Prometheus client uses.
    CPU = Counter "process_cpu_seconds_total" [] "User and system time of the processors.";
    OPEN_FDS = Gauge "process_open_fds" [] "Open file descriptors.";
    MAX_FDS = Gauge "process_max_fds" [] "The limit of open file descriptors.";
    VIRTUAL = Gauge "process_virtual_memory_bytes" [] "Virtual memory.";
    RESIDENT = Gauge "process_resident_memory_bytes" [] "Resident memory.";
    BEGAN = Gauge "process_start_time_seconds" [] "When the process began.";
    THREADS = Gauge "process_threads" [] "Threads of the process.";
}
