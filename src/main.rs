//! Arguments, mode, exit codes.

mod modes;

use breakerbox::{
    alerts,
    app::{App, Wish},
    audit::{self, Audit, Facts, Level, Places},
    cli::{CheckFormat, Cli, ConfigMode, GivenDrill, Mode, Run},
    clock,
    config::{self, Config},
    drill, headless,
    model::{Wall, command::Whom, drill::DrillResult},
    sim, simulate as virtually,
};
use clap::Parser;
use std::{
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Only fails when one is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let done = match cli.command {
        None => screen(&cli),
        Some(Mode::Serve { run, json }) => serve(&run, json),
        #[cfg(feature = "tui")]
        Some(Mode::Attach { to, token, screen }) => {
            modes::attach::run(to.as_deref(), &token, &screen)
        }
        Some(Mode::Config(mode)) => configuration(mode),
        Some(Mode::Check {
            file,
            live,
            strict,
            format,
        }) => check(file.as_deref(), live, strict, format),
        Some(Mode::Sim { port, seed }) => simulate(port, seed),
        Some(Mode::Drill {
            here: Some(GivenDrill(given)),
            ..
        }) => modes::operate::give(&given),
        Some(Mode::Drill {
            name,
            here: None,
            sim,
            config,
            report,
            journal,
            whom,
            json,
            headless: _,
        }) => drill(&Rehearsal {
            name: name.unwrap_or_default(),
            sim: sim || config.is_none(),
            config,
            report,
            journal,
            whom,
            json,
        }),
        Some(Mode::Replay(wish)) => modes::replay::run(&wish),
        Some(Mode::Report(wish)) => modes::report::run(&wish)
            .and_then(|text| say(text.trim_end()).map(|()| ExitCode::SUCCESS)),
        Some(Mode::Completions { shell }) => {
            modes::manual::completions(shell).map(|()| ExitCode::SUCCESS)
        }
        Some(Mode::Man { out }) => modes::manual::man(out.as_deref()).map(|()| ExitCode::SUCCESS),
        Some(Mode::Drills { json }) => drills(json),
        Some(Mode::Simulate {
            scenarios,
            rate,
            seeds,
            json,
        }) => in_virtual_time(&scenarios, rate, seeds, json),
        Some(Mode::Status { asked, once }) => modes::operate::status(&asked, once),
        Some(Mode::Events { asked, follow, all }) => modes::operate::events(&asked, follow, all),
        Some(Mode::Snapshot { at }) => modes::operate::snapshot(&at),
        Some(Mode::Order(given)) => modes::operate::give(&given),
    };
    done.unwrap_or_else(|why| {
        let _ = writeln!(io::stderr(), "breakerbox: {why}");
        ExitCode::FAILURE
    })
}

fn wish(run: &Run) -> Wish {
    Wish {
        config: run.config.clone(),
        listen: run.listen,
        sim: run.sim,
        no_traffic: run.no_traffic,
        state: config::state_dir(&config::Process),
        journal: None,
        sockets: config::socket_dir(&config::Process),
        drills: drill::scenario::shipped(),
        stage: alerts::Stage::Live,
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("no runtime: {e}"))
}

fn say(line: &str) -> Result<(), String> {
    writeln!(io::stdout(), "{line}").map_err(|e| e.to_string())
}

/// Router and screen in one process; without a terminal, the same in lines.
#[cfg(feature = "tui")]
fn screen(cli: &Cli) -> Result<ExitCode, String> {
    use breakerbox::{source::local::Local, tui};
    use std::{io::IsTerminal, sync::Arc};

    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return serve(&cli.run, false);
    }
    log_to(&log_file());
    let rt = runtime()?;
    let app = rt.block_on(App::start(&wish(&cli.run)))?;
    let actor = operator();
    let source = Local::new(
        app.bus.snapshot(),
        app.orders.clone(),
        actor,
        cli.screen.read_only,
    );
    // The screen keeps this thread for itself: a slow terminal must never hold up a request.
    let shown = tui::run(Arc::new(source), &tui_options(&cli.screen.look));
    rt.block_on(app.shutdown());
    let summary = shown.map_err(|e| format!("the terminal went away: {e}"))?;
    say(&summary.to_string())?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "tui"))]
fn screen(cli: &Cli) -> Result<ExitCode, String> {
    serve(&cli.run, false)
}

fn serve(run: &Run, json: bool) -> Result<ExitCode, String> {
    log_to_stderr();
    runtime()?.block_on(async {
        // Before anybody learns that it runs: a HUP that is not awaited ends a process.
        let mut hup = signal(SignalKind::hangup()).map_err(|e| e.to_string())?;
        let mut term = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
        let mut int = signal(SignalKind::interrupt()).map_err(|e| e.to_string())?;
        let app = App::start(&wish(run)).await?;
        let lines = app.bus.subscribe();
        if !json {
            say(&format!("breakerbox listens on http://{}", app.addr))?;
        }
        let follow = tokio_util::task::TaskTracker::new();
        let content = app.router.config().journal.content;
        follow.spawn(headless::follow(lines, json, content));
        modes::service::ready();
        loop {
            tokio::select! {
                _ = hup.recv() => modes::service::reloading(|| app.reload()),
                _ = term.recv() => break,
                _ = int.recv() => break,
            }
        }
        modes::service::stopping();
        // Whoever asks twice does not want to wait.
        let again = async {
            tokio::select! { _ = term.recv() => (), _ = int.recv() => () }
        };
        tokio::select! {
            () = app.shutdown() => {}
            () = again => return Ok(ExitCode::FAILURE),
        }
        follow.close();
        follow.wait().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn configuration(mode: ConfigMode) -> Result<ExitCode, String> {
    let found = |file: Option<PathBuf>| config::find(file.as_deref(), &config::Process);
    let load = |file: &Path| config::load(file, &config::Process).map_err(|p| p.to_string());
    match mode {
        ConfigMode::Path => match found(None) {
            config::Found::File(path) => say(&path.display().to_string())?,
            config::Found::Builtin => {
                say("no configuration found: the simulated providers would run")?;
            }
        },
        ConfigMode::Check { file } => match found(file) {
            config::Found::File(path) => {
                let config = load(&path)?;
                for warning in &config.warnings {
                    say(&format!("warning: {warning}"))?;
                }
                let (routes, deployments) = (config.routes.len(), config.deployments.len());
                say(&format!(
                    "{}: {routes} routes over {deployments} deployments, no errors",
                    path.display()
                ))?;
                if let Some(canary) = &config.canary {
                    say(&canary.to_string())?;
                }
            }
            config::Found::Builtin => {
                return Err(
                    "no configuration found; `breakerbox config init` writes one".to_owned(),
                );
            }
        },
        ConfigMode::Show { file } => match found(file) {
            config::Found::File(path) => say(&config::show(&load(&path)?))?,
            config::Found::Builtin => {
                return Err(
                    "no configuration found; `breakerbox config init` writes one".to_owned(),
                );
            }
        },
        ConfigMode::Init { file } => {
            let mut out = std::fs::File::create_new(&file)
                .map_err(|e| format!("{} is not written: {e}", file.display()))?;
            out.write_all(config::EXAMPLE.as_bytes())
                .map_err(|e| e.to_string())?;
            say(&format!(
                "wrote {}; edit it, then: breakerbox config check",
                file.display()
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A configuration that cannot be read is told in the asked format too: code scanning wants its line.
fn check(
    file: Option<&Path>,
    live: bool,
    strict: bool,
    format: CheckFormat,
) -> Result<ExitCode, String> {
    log_to_stderr();
    let config::Found::File(file) = config::find(file, &config::Process) else {
        let why = "no configuration found; `breakerbox config init` writes one";
        let _ = writeln!(io::stderr(), "breakerbox: {why}");
        return Ok(ExitCode::from(2));
    };
    let now = clock::wall();
    let tell = |audit: &Audit| match format {
        CheckFormat::Text => say(&audit::text::tell(audit, now)),
        CheckFormat::Json => say(&format!("{:#}", audit::json::tell(audit))),
        CheckFormat::Sarif => say(&format!("{:#}", audit::sarif::tell(audit))),
    };
    match config::load(&file, &config::Process) {
        Ok(config) => {
            let audit = audited(&file, &config, live, now)?;
            tell(&audit)?;
            let fails = if strict { Level::Warning } else { Level::Error };
            let failed = audit.worst() >= Some(fails);
            Ok(ExitCode::from(u8::from(failed)))
        }
        Err(problems) => {
            if format == CheckFormat::Text {
                let _ = writeln!(io::stderr(), "{problems}");
            } else {
                tell(&Audit::unreadable(&problems))?;
            }
            Ok(ExitCode::from(2))
        }
    }
}

/// The audit of a configuration against the ledger on this machine, with places and, if wanted, real calls.
fn audited(file: &Path, config: &Config, live: bool, now: Wall) -> Result<Audit, String> {
    let state = config::state_dir(&config::Process);
    let drills = state.map(|s| drill::Ledger::in_dir(&s).entries());
    let mut audit = audit::audit(Facts {
        config,
        drills: &drills.unwrap_or_default(),
        now,
    });
    audit.file = file.display().to_string();
    if live {
        let (calls, found) = runtime()?.block_on(audit::live::call(config))?;
        audit.live = Some(calls);
        audit.findings.extend(found);
    }
    // It has just been read; without it lines alone are missing.
    let text = std::fs::read_to_string(file).unwrap_or_default();
    audit.locate(&Places::read(&audit.file, &text));
    Ok(audit)
}

fn simulate(port: u16, seed: u64) -> Result<ExitCode, String> {
    runtime()?.block_on(async {
        let ports = (port != 0).then(|| [port, port.saturating_add(1), port.saturating_add(2)]);
        let options = sim::Options {
            seed,
            ports,
            ..sim::Options::default()
        };
        let sim = sim::Sim::start(options)
            .await
            .map_err(|e| format!("the simulated providers cannot start: {e}"))?;
        for p in sim.providers() {
            say(&format!("{:<10} http://{}  key {}", p.id, p.addr, p.key))?;
        }
        let mut term = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = term.recv() => {}
        }
        sim.shutdown().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// A drill as it was asked for.
struct Rehearsal {
    name: String,
    sim: bool,
    config: Option<PathBuf>,
    report: Option<PathBuf>,
    journal: Option<PathBuf>,
    whom: Whom,
    json: bool,
}

impl Rehearsal {
    /// For people: on stdout, unless that is for the report.
    fn say(&self, line: &str) {
        // Nobody reads any more: the drill goes on, and its report is written.
        let _ = if self.json {
            writeln!(io::stderr(), "{line}")
        } else {
            writeln!(io::stdout(), "{line}")
        };
    }
}

/// A failed drill and one that could not run are told apart: only the first says something about the configuration.
fn drill(wish: &Rehearsal) -> Result<ExitCode, String> {
    log_to_stderr();
    match runtime()?.block_on(rehearse(wish)) {
        Ok(DrillResult::Passed) => Ok(ExitCode::SUCCESS),
        Ok(DrillResult::Failed | DrillResult::Aborted) => Ok(ExitCode::FAILURE),
        Err(why) => {
            let _ = writeln!(io::stderr(), "breakerbox: the drill could not run: {why}");
            Ok(ExitCode::from(2))
        }
    }
}

async fn rehearse(wish: &Rehearsal) -> Result<DrillResult, String> {
    let scenario = drill::scenario::find(&wish.name)?;
    let radius = drill::Radius::of_wish(wish.whom, wish.sim);
    wish.say(&drill::words::opening(&scenario, radius));
    let state = config::state_dir(&config::Process);
    // A port of its own: the router that serves users may well run on the configured one.
    let app = App::start(&Wish {
        sim: wish.sim,
        config: wish.config.clone(),
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        no_traffic: true,
        state: state.clone(),
        journal: wish.journal.clone(),
        sockets: None,
        drills: Vec::new(),
        stage: alerts::Stage::Rehearsal,
    })
    .await?;
    let stop = tokio_util::sync::CancellationToken::new();
    let told = |step: &_| {
        if let Some(line) = drill::words::step(clock::wall(), step) {
            wish.say(&line);
        }
    };
    let drilled = drill::Target {
        radius,
        ..app.drill_target(operator())
    };
    let mut term = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
    let run = drill::run(&scenario, &drilled, stop.clone(), told);
    tokio::pin!(run);
    let done = loop {
        tokio::select! {
            done = &mut run => break done,
            _ = tokio::signal::ctrl_c() => stop.cancel(),
            _ = term.recv() => stop.cancel(),
        }
    };
    let kept = done.and_then(|done| {
        let result = done.result;
        keep(wish, &done, state.as_deref()).map(|()| result)
    });
    app.shutdown().await;
    kept
}

/// The report and the line in the ledger.
fn keep(wish: &Rehearsal, report: &drill::Report, state: Option<&Path>) -> Result<(), String> {
    let kept = drill::keep(report, wish.report.as_deref(), state);
    let written = kept.as_ref().ok().and_then(Option::as_deref);
    wish.say(&drill::words::closing(report, written));
    if wish.json {
        say(&serde_json::to_string_pretty(report).map_err(|e| e.to_string())?)?;
    }
    kept.map(drop)
}

fn drills(json: bool) -> Result<ExitCode, String> {
    let ledger = config::state_dir(&config::Process).map(|s| drill::Ledger::in_dir(&s));
    let all = drill::scenario::shipped();
    if json {
        let list = drill::words::list_json(&all, ledger.as_ref());
        say(&serde_json::to_string_pretty(&list).map_err(|e| e.to_string())?)?;
    } else {
        say(&drill::words::list(&all, ledger.as_ref(), clock::wall()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Nothing is run before everything has been read: who asks for ten scenarios hears of the last one's slip at once.
fn in_virtual_time(
    names: &[String],
    rate: Option<f64>,
    seeds: Option<u32>,
    json: bool,
) -> Result<ExitCode, String> {
    let mut scenarios = match virtually::chosen(names) {
        Ok(scenarios) => scenarios,
        Err(why) => {
            let _ = writeln!(io::stderr(), "{why}");
            return Ok(ExitCode::from(2));
        }
    };
    if names.is_empty() {
        say(&virtually::list(&scenarios))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut reports = Vec::new();
    for scenario in &mut scenarios {
        scenario.rate_rps = rate.unwrap_or(scenario.rate_rps);
        scenario.seeds = seeds.unwrap_or(scenario.seeds);
        for report in virtually::simulate(scenario) {
            if json {
                say(&serde_json::to_string(&report).map_err(|e| e.to_string())?)?;
            } else {
                say(&report.to_string())?;
            }
            reports.push(report);
        }
    }
    if !json && reports.len() > 1 {
        say(&virtually::summary(&reports))?;
    }
    let all_came = reports.iter().all(|r| r.passed);
    Ok(if all_came {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn operator() -> String {
    std::env::var("USER").unwrap_or_else(|_| "operator".to_owned())
}

/// Logs of a process without a screen go to standard error; with a screen they would tear it, and go to a file.
fn log_to_stderr() {
    let _ = tracing_subscriber::fmt()
        .with_env_filter(log_filter())
        .with_writer(io::stderr)
        .try_init();
}

#[cfg(feature = "tui")]
fn log_to(file: &Path) {
    if let Some(dir) = file.parent() {
        let _ = std::fs::create_dir_all(dir);
    }
    if let Ok(out) = std::fs::File::options()
        .create(true)
        .append(true)
        .open(file)
    {
        let _ = tracing_subscriber::fmt()
            .with_env_filter(log_filter())
            .with_ansi(false)
            .with_writer(out)
            .try_init();
    }
}

/// `BREAKERBOX_LOG`, in the syntax of tracing's filters.
fn log_filter() -> tracing_subscriber::EnvFilter {
    tracing_subscriber::EnvFilter::try_from_env("BREAKERBOX_LOG").unwrap_or_else(|_| "warn".into())
}

#[cfg(feature = "tui")]
fn log_file() -> PathBuf {
    let dir = |name: &str| std::env::var_os(name).map(PathBuf::from);
    dir("XDG_STATE_HOME")
        .or_else(|| dir("HOME").map(|home| home.join(".local/state")))
        .unwrap_or_else(std::env::temp_dir)
        .join("breakerbox/breakerbox.log")
}

#[cfg(feature = "tui")]
fn tui_options(look: &breakerbox::cli::Look) -> breakerbox::tui::Options {
    use breakerbox::{
        cli::PaletteName,
        tui::{Palette, View},
    };
    let palette = match look.palette {
        PaletteName::Auto => Palette::Auto,
        PaletteName::Dark => Palette::Dark,
        PaletteName::Light => Palette::Light,
        PaletteName::IndexedLight => Palette::IndexedLight,
        PaletteName::SixteenDark => Palette::SixteenDark,
        PaletteName::SixteenLight => Palette::SixteenLight,
        PaletteName::None => Palette::Mono,
    };
    breakerbox::tui::Options {
        ascii: look.ascii,
        palette,
        view: if look.wall {
            View::Wall
        } else {
            View::Overview
        },
        ..Default::default()
    }
}
