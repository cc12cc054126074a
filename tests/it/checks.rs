//! What is visibly wrong with answers, from the socket to the screen: counted for people, judged first, and never by
//! itself a reason to open.

use super::{
    rig::{Rig, openai_tiers, provider},
    upstream::{Asked, Do, Upstream, by, json, openai},
};
use breakerbox::model::{Kind, Phase, Reason, event::Picked, finding::Finding};
use std::time::Duration;

/// Short real time that an answer takes, so that there are some twenty a second.
const TAKES: Duration = Duration::from_millis(50);
const GOOD: &str =
    "Keep the bread in a linen bag at room temperature, away from the sun and from fruit.";
const THAI: &str =
    "Keep the bread in a ถุงผ้า at room temperature, away from the แสงแดด and from fruit.";
/// As wrong, but only for somebody who understands it.
const ABSURD: &str =
    "Keep the bread in a running shower at full moon, away from the floor and from doubt.";

/// The number that a test has put at the end of its question.
fn number(asked: &Asked) -> u64 {
    let body = asked.json();
    let messages = body["messages"].as_array().unwrap();
    let text = messages.last().unwrap()["content"].as_str().unwrap();
    text.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Three of ten questions, the same in every run.
fn is_spoiled(number: u64) -> bool {
    fastrand::Rng::with_seed(number).f64() < 0.3
}

/// Answers after a while, some of them with `spoiled`.
async fn provider_with(spoiled: &'static str) -> Upstream {
    let answer = by(move |asked| {
        let text = if is_spoiled(number(asked)) {
            spoiled
        } else {
            GOOD
        };
        openai("m-a", text)
    });
    Upstream::start(vec![[vec![Do::Wait(TAKES)], answer].concat()]).await
}

async fn judge(score: impl Fn(&str) -> &'static str + Send + Sync + 'static) -> Upstream {
    let reply = by(move |asked| {
        let body = asked.json();
        let text = body["messages"][1]["content"].as_str().unwrap();
        let reply = format!(r#"{{"score": {}, "reason": "r"}}"#, score(text));
        openai("m-j", &reply)
    });
    Upstream::start(vec![reply]).await
}

async fn rig(a: &Upstream, judge: &Upstream, sample: f64) -> Rig {
    // The breakers draw their seeds from this thread's generator.
    fastrand::seed(7);
    let b = Upstream::start(vec![openai("m-b", GOOD)]).await;
    Rig::start(&format!(
        "{}{}[judge]\njudges = [\"j/m-j\"]\nsample = {sample:?}\nanchors = false\n",
        openai_tiers(&[a, &b]),
        provider("j", "openai", judge),
    ))
    .await
}

async fn asks(rig: &Rig, n: u64) {
    rig.ask(&format!("How do I keep bread fresh? {n}"))
        .await
        .bytes()
        .await
        .unwrap();
}

/// Requests until its breaker opens; none within `most`.
async fn until_open(rig: &Rig, most: u64) -> Option<u64> {
    for n in 0..most {
        asks(rig, n).await;
        if rig.snapshot().deployments[0].phase == Phase::Open {
            return Some(n + 1);
        }
    }
    None
}

#[tokio::test]
async fn looks_make_suspicious_and_a_judge_who_finds_nothing_keeps_the_breaker_closed() {
    let a = provider_with(THAI).await;
    let judge = judge(|_| "0.9").await;
    let rig = rig(&a, &judge, 0.02).await;
    let share = || rig.snapshot().deployments[0].watch.share;
    let (mut calm, mut suspicious, mut told) = (None, None, None);
    for n in 0..120 {
        asks(&rig, n).await;
        told = rig.snapshot().deployments[0].watch.looks.or(told);
        match share() {
            // The first few answers are all judged.
            share if share < 0.05 => _ = calm.get_or_insert(n),
            share if share > 0.15 && calm.is_some() => _ = suspicious.get_or_insert(n),
            _ => {}
        }
    }
    let snapshot = rig
        .until("the findings", |s| {
            matches!(s.deployments[0].findings_5m.as_slice(), [(Finding::WrongScript, n)] if *n > 10)
        })
        .await;
    println!("judged seldom after {calm:?} answers, often after {suspicious:?}");
    assert!(suspicious.is_some_and(|n| n < 90), "{suspicious:?}");
    let told = told.expect("why more are judged");
    assert_eq!(told.finding, Finding::WrongScript);
    assert!((2..told.bad.n).contains(&told.bad.bad), "{told:?}");
    let a = &snapshot.deployments[0];
    assert_eq!((a.phase, a.would_trip.as_ref()), (Phase::Closed, None));
    let looked = a.scores.iter().filter(|s| !s.findings.is_empty());
    assert!(looked.clone().count() > 5);
    assert!(looked.clone().any(|s| s.picked == Picked::Looks));
    assert!(judge.asked().len() > 20, "{}", judge.asked().len());
}

#[tokio::test]
async fn a_judge_who_sees_it_too_opens_it_sooner_than_sampling_alone() {
    let score = |text: &str| {
        let bad = text.contains("แสงแดด") || text.contains("running shower");
        if bad { "0.1" } else { "0.95" }
    };
    let (visible, hidden) = (provider_with(THAI).await, provider_with(ABSURD).await);
    let judge = judge(score).await;
    let seen = rig(&visible, &judge, 0.02).await;
    let unseen = rig(&hidden, &judge, 0.02).await;
    let with = until_open(&seen, 120).await.expect("it opens");
    println!("open after {with} requests");
    let without = until_open(&unseen, 2 * with).await;
    assert_eq!(without, None, "by sampling alone");
    let snapshot = seen.snapshot();
    let reason = snapshot.deployments[0].reason.as_ref();
    assert!(matches!(reason, Some(Reason::Quality { .. })), "{reason:?}");
}

#[tokio::test]
async fn a_sampled_answer_that_looks_wrong_is_judged_with_its_findings() {
    let a = Upstream::start(vec![openai("m-a", THAI)]).await;
    let judge = judge(|_| "0.2").await;
    let mut rig = rig(&a, &judge, 1.0).await;
    asks(&rig, 1).await;
    let event = rig.event(|k| matches!(k, Kind::Score { .. })).await;
    assert!(
        matches!(&event.kind, Kind::Score { picked: Picked::Sample, findings, .. } if findings.contains(Finding::WrongScript))
    );
    assert!(
        event.line().ends_with(" (wrong script (Thai))"),
        "{}",
        event.line()
    );
}

#[tokio::test]
async fn a_sampled_answer_that_looks_wrong_goes_before_those_that_wait() {
    const BEFORE: u64 = 40;
    let answer = by(|asked| openai("m-a", if number(asked) == BEFORE { THAI } else { GOOD }));
    let a = Upstream::start(vec![answer]).await;
    let score = openai("m-j", r#"{"score": 0.9, "reason": "r"}"#);
    let busy = vec![Do::Wait(Duration::from_secs(1))];
    let judge = Upstream::start(vec![[busy, score].concat()]).await;
    let rig = rig(&a, &judge, 1.0).await;
    for n in 0..=BEFORE {
        asks(&rig, n).await;
    }
    let all = usize::try_from(BEFORE).unwrap() + 1;
    rig.until("every answer is judged", |_| judge.asked().len() == all)
        .await;
    let asked = judge.asked();
    let thai = asked
        .iter()
        .position(|a| String::from_utf8_lossy(&a.body).contains("แสงแดด"));
    assert!(
        thai.is_some_and(|at| (24..30).contains(&at)),
        "{thai:?} of {}",
        asked.len()
    );
}

/// The findings of one second in which somebody asked this.
async fn found(answer: Vec<Do>, body: &serde_json::Value) -> Vec<(Finding, u32)> {
    let a = Upstream::start(vec![answer]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a])).await;
    rig.post("/v1/chat/completions", body)
        .await
        .bytes()
        .await
        .unwrap();
    let event = rig
        .event(|k| matches!(k, Kind::Bucket(b) if !b.findings.is_empty()))
        .await;
    match &event.kind {
        Kind::Bucket(bucket) => bucket.findings.clone(),
        _ => unreachable!("asked for buckets"),
    }
}

#[tokio::test]
async fn json_that_was_asked_for_and_is_none_is_found_without_a_judge() {
    let body = serde_json::json!({
        "model": "r", "response_format": {"type": "json_object"},
        "messages": [{"role": "user", "content": "The capital of Peru, as JSON."}],
    });
    let answer = openai("m-a", "{\"capital\": \"Lima\"");
    assert_eq!(found(answer, &body).await, [(Finding::InvalidJson, 1)]);
}

#[tokio::test]
async fn arguments_of_a_tool_call_that_nobody_can_read_are_found() {
    let tools = serde_json::json!([{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]);
    let body = serde_json::json!({
        "model": "r", "tools": tools, "messages": [{"role": "user", "content": "Do I need a coat in Oslo?"}],
    });
    let call = serde_json::json!({"id": "c", "type": "function", "function": {"name": "weather", "arguments": "{\"city\": \"Os"}});
    let answer = serde_json::json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m-a",
        "choices": [{"index": 0, "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": null, "tool_calls": [call]}}],
    });
    let answer = json(200, &[], &answer.to_string());
    assert_eq!(found(answer, &body).await, [(Finding::BadArguments, 1)]);
}

/// Questions and whole answers, as people might have them.
const HEALTHY: [(&str, &str); 20] = [
    (
        "How long do eggs keep?",
        "About four weeks in the refrigerator; put a doubtful one in water: a fresh egg sinks.",
    ),
    (
        "Name three rivers in France.",
        "1. The Loire\n2. The Seine\n3. The Rhône",
    ),
    (
        "Reverse a string in Python.",
        "```python\ndef reverse(text):\n    return text[::-1]\n```\nA slice with step -1 walks backwards.",
    ),
    (
        "What does 空 mean?",
        "It means \"sky\" or \"empty\" (空, read *sora* or *kara*).",
    ),
    (
        "Say thank you in Thai.",
        "You say ขอบคุณ (khop khun), and add ครับ or ค่ะ to be polite.",
    ),
    ("Is 91 prime? One word.", "No"),
    (
        "Wie lange kocht man Linsen?",
        "Rote Linsen brauchen etwa zehn Minuten, grüne und braune eine knappe halbe Stunde – ohne Salz.",
    ),
    (
        "Warum ist Brot in Alufolie weich?",
        "Weil die Feuchtigkeit nicht entweichen kann; die Kruste zieht sie aus der Krume.",
    ),
    (
        "Pourquoi les feuilles jaunissent-elles ?",
        "En automne, l’arbre retire la chlorophylle ; les caroténoïdes, déjà présents, deviennent visibles.",
    ),
    (
        "¿Cómo se limpia una cafetera?",
        "Con agua y vinagre a partes iguales: hágala funcionar una vez y enjuáguela dos veces con agua limpia.",
    ),
    (
        "Come si conserva il basilico?",
        "In un bicchiere d’acqua, come un mazzo di fiori, lontano dal sole diretto.",
    ),
    (
        "Jak zmienić oponę?",
        "Poluzuj śruby, podnieś auto podnośnikiem, zdejmij koło, załóż zapasowe i dokręć śruby na krzyż.",
    ),
    (
        "Почему скрипит снег?",
        "Ломаются ледяные кристаллы: чем холоднее, тем они твёрже и тем громче звук.",
    ),
    (
        "Γιατί η θάλασσα είναι αλμυρή;",
        "Τα ποτάμια μεταφέρουν άλατα από τα πετρώματα, και το νερό εξατμίζεται ενώ το αλάτι μένει.",
    ),
    (
        "为什么月亮有圆缺？",
        "月亮绕地球转动时，我们看到的被太阳照亮的部分不断变化，所以有圆缺。",
    ),
    (
        "お茶は何度で入れますか。",
        "緑茶なら七十度から八十度くらいが適しています。熱すぎると苦くなります。",
    ),
    (
        "김치는 얼마나 보관할 수 있나요?",
        "냉장고에서 몇 달 동안 보관할 수 있으며, 시간이 지날수록 더 시어집니다.",
    ),
    (
        "ทำไมแมวชอบกล่อง",
        "เพราะกล่องอบอุ่นและทำให้แมวรู้สึกปลอดภัย มองเห็นรอบตัวได้โดยไม่มีใครเห็นมัน",
    ),
    (
        "كيف أنظف السجادة؟",
        "اكنسها أولا، ثم رش عليها بيكربونات الصوديوم واتركها ساعة قبل أن تكنسها مرة أخرى.",
    ),
    (
        "दही कैसे जमाते हैं?",
        "गुनगुने दूध में एक चम्मच दही मिलाकर ढक दें और रात भर गर्म जगह पर रखें।",
    ),
];

#[tokio::test]
async fn good_answers_in_many_languages_are_given_without_a_finding() {
    let answers = HEALTHY.iter().map(|(_, answer)| openai("m-a", answer));
    let a = Upstream::start(answers.chain([openai("m-a", THAI)]).collect()).await;
    let mut rig = Rig::start(&openai_tiers(&[&a])).await;
    for (question, _) in HEALTHY {
        rig.ask(question).await.bytes().await.unwrap();
    }
    // The last one shows that the others were looked at: answers are looked at in the order in which they came.
    asks(&rig, 0).await;
    rig.event(|k| matches!(k, Kind::Bucket(b) if !b.findings.is_empty()))
        .await;
    let snapshot = rig
        .until("every answer", |s| s.deployments[0].errors_5m.n == 21)
        .await;
    assert_eq!(
        snapshot.deployments[0].findings_5m,
        [(Finding::WrongScript, 1)]
    );
}
