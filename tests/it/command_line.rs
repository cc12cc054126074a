//! The words of the command line for a router that runs: the binary against the binary, over the socket and over the
//! network.

use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
};

const CONFIG: &str = r#"
[providers.a]
dialect = "openai"
base_url = "http://127.0.0.1:9"
vendor = "a"
key = "key-of-a-0123456789"
[routes.r]
tiers = ["a/m-a"]
[cache]
enabled = false
[[control.tokens]]
name = "wall"
token = "view-token-0123456789"
[[control.tokens]]
name = "oncall"
role = "control"
token = "control-token-0123456789"
"#;

/// A router in a process of its own, whose socket is in a directory of its own.
struct Serving {
    child: Child,
    addr: String,
    dir: tempfile::TempDir,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn binary(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_breakerbox"));
    command
        .env("XDG_RUNTIME_DIR", dir)
        .env("HOME", dir)
        .env("USER", "ana");
    for name in [
        "XDG_STATE_HOME",
        "BREAKERBOX_TO",
        "BREAKERBOX_TOKEN",
        "BREAKERBOX_CONFIG",
    ] {
        command.env_remove(name);
    }
    command
}

fn serve(dir: &Path) -> (Child, String) {
    let mut child = binary(dir)
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(dir.join("breakerbox.toml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    // Somebody reads what it tells, so that it may tell on.
    thread::spawn(move || out.read_to_end(&mut Vec::new()));
    let addr = first.trim().rsplit("http://").next().unwrap().to_owned();
    (child, addr)
}

impl Serving {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("breakerbox.toml"), CONFIG).unwrap();
        let (child, addr) = serve(dir.path());
        Self { child, addr, dir }
    }

    /// Gone, and there again, on another port.
    fn again(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.addr) = serve(self.dir.path());
    }

    fn command(&self, line: &str) -> Command {
        let mut command = binary(self.dir.path());
        command.args(shlex::split(line).unwrap());
        command
    }

    /// Over the socket.
    fn said(&self, line: &str) -> Said {
        Said::of(self.command(line).output().unwrap())
    }

    fn with_token(&self, line: &str, token: &str) -> Said {
        let mut command = self.command(line);
        command
            .args(["--to", &self.addr])
            .env("BREAKERBOX_TOKEN", token);
        Said::of(command.output().unwrap())
    }
}

#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

#[test]
fn a_command_over_the_socket_is_acknowledged_by_its_event() {
    let router = Serving::start();
    let forced = router.said("force a/m-a open --for 1m --why 'a test'");
    assert_eq!(forced.code, 0, "{forced:?}");
    let line = &forced.out;
    assert!(
        line.starts_with("force a/m-a open --for 1m --why 'a test' carried out, seq "),
        "{line}"
    );
    assert!(line.contains(", by ana (socket, uid "), "{line}");

    let observed = router.said("force a/m-a observe --json");
    let event = observed.json();
    assert_eq!(
        (event["event"].as_str(), event["origin"]["via"].as_str()),
        (Some("command"), Some("socket"))
    );

    let added = router.said("fault add a/m-a slow=3 --rate 30% --for 5m");
    assert_eq!(added.code, 0, "{added:?}");
    assert_eq!(router.said("rung3 on r --for 1m").code, 0);
    assert_eq!(router.said("rung3 off r").code, 0);
    let released = router.said("release a/m-a");
    assert_eq!((released.code, released.err.as_str()), (0, ""));
}

#[test]
fn what_the_router_refuses_says_why_on_standard_error() {
    let router = Serving::start();
    for (line, why) in [
        ("release a/m-a", "a/m-a is not forced"),
        (
            "force nobody open",
            "there is no deployment nobody; there are: a/m-a",
        ),
        ("drill start nonsense", "nonsense"),
        ("drill abort", "no drill is under way"),
        ("judge restore a/m-a", "a/m-a"),
    ] {
        let said = router.said(line);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{line}: {said:?}");
        assert!(said.err.contains(why), "{line}: {said:?}");
    }
}

#[test]
fn as_json_a_refused_command_is_told_by_its_event_too() {
    let router = Serving::start();
    let said = router.said("fault clear 7 --json");
    assert_eq!(said.code, 1, "{said:?}");
    let event = said.json();
    assert_eq!(
        (event["event"].as_str(), event["command"].as_str()),
        (Some("command"), Some("fault clear 7"))
    );
    let why = event["refused"].as_str().unwrap();
    assert_eq!(said.err, format!("breakerbox: {why}\n"));
    assert_eq!(event["origin"]["via"], "socket");
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_an_error_and_a_refusal_stays_one_whoever_reads_it() {
    let router = Serving::start();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let lost = router.command("snapshot").stdout(full).output().unwrap();
    let lost = Said::of(lost);
    assert_eq!(lost.code, 1, "{lost:?}");
    assert!(lost.err.contains("standard output"), "{lost:?}");
    let (nobody, unread) = std::io::pipe().unwrap();
    drop(nobody);
    let refused = router
        .command("fault clear 7 --json")
        .stdout(unread)
        .output()
        .unwrap();
    assert_eq!(Said::of(refused).code, 1);
}

#[test]
fn how_it_stands_is_told_in_words_and_as_json() {
    let mut router = Serving::start();
    assert_eq!(router.said("status --once").code, 0);
    assert_eq!(router.said("fault list").out, "no failure is injected\n");
    assert_eq!(router.said("force a/m-a observe --for 1m").code, 0);
    assert_eq!(
        router
            .said("fault add a/m-a slow=3 --rate 30% --only judging --for 5m")
            .code,
        0
    );

    let status = until(|| router.said("status --once"), |said| said.code == 1);
    assert!(
        status.out.contains("OBSERVE") && status.out.contains("until "),
        "{status:?}"
    );
    assert_eq!(
        router.said("status").code,
        0,
        "without --once it was told, and that is all"
    );
    let faults = router.said("fault list");
    let row: Vec<_> = faults
        .out
        .lines()
        .nth(1)
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(row[..5], ["1", "a/m-a", "slow=3", "30%", "0"], "{faults:?}");
    assert!(faults.out.contains("ana, only as a judge"), "{faults:?}");
    assert_eq!(router.said("fault list --json").json()[0]["fault"], "slow");
    assert_eq!(
        router.said("snapshot").json()["deployments"][0]["id"],
        "a/m-a"
    );
    assert_eq!(
        router.said("status --json").json()["faults"][0]["who"],
        "ana"
    );

    let events = until(|| router.said("events"), |said| said.out.contains("FORCED"));
    assert!(
        events.out.contains("WARN  a/m-a FORCED OBSERVE by ana"),
        "{events:?}"
    );
    let last = router.said("events --json");
    let last: Value = serde_json::from_str(last.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"], "command");

    router.child.kill().unwrap();
    router.child.wait().unwrap();
    let gone = router.said(&format!("status --once --listen {}", router.addr));
    assert_eq!(gone.code, 2, "{gone:?}");
    assert!(
        gone.err
            .contains(&format!("no breakerbox at {}", router.addr)),
        "{gone:?}"
    );
}

fn until(say: impl Fn() -> Said, is: impl Fn(&Said) -> bool) -> Said {
    for _ in 0..50 {
        let said = say();
        if is(&said) {
            return said;
        }
    }
    panic!("not in time: {:?}", say())
}

#[test]
fn over_the_network_a_token_opens_what_its_role_allows() {
    let router = Serving::start();
    let none = router.said(&format!("status --to {}", router.addr));
    assert_eq!(none.code, 3);
    assert!(
        none.err.contains(&router.addr) && none.err.contains("BREAKERBOX_TOKEN"),
        "{none:?}"
    );
    assert_eq!(router.with_token("snapshot", "a-guess-0123456789").code, 3);
    assert_eq!(
        router
            .with_token("events --follow", "a-guess-0123456789")
            .code,
        3
    );

    let (view, control) = ("view-token-0123456789", "control-token-0123456789");
    assert_eq!(router.with_token("status", view).code, 0);
    let refused = router.with_token("force a/m-a open", view);
    assert_eq!((refused.code, refused.out.as_str()), (3, ""), "{refused:?}");
    assert!(refused.err.contains("may look only"), "{refused:?}");
    let forced = router.with_token("force a/m-a open", control);
    assert_eq!(forced.code, 0, "{forced:?}");
    assert!(
        forced.out.contains("by ana (127.0.0.1, token oncall)"),
        "{forced:?}"
    );

    let file = router.dir.path().join("token");
    std::fs::write(&file, format!("{control}\n")).unwrap();
    let mut released = router.command("release a/m-a --token-file");
    released
        .arg(&file)
        .env("BREAKERBOX_TO", format!("ws://{}", router.addr));
    let released = Said::of(released.output().unwrap());
    assert_eq!(released.code, 0, "{released:?}");

    let told = until(
        || router.said("events --json"),
        |said| said.out.contains("release a/m-a"),
    )
    .out;
    assert!(
        told.contains("may look only") && told.contains("oncall"),
        "{told}"
    );
    assert!(!told.contains("0123456789"), "{told}");
}

/// What is said on a pipe, line by line.
fn lines(pipe: impl Read) -> impl Iterator<Item = String> {
    BufReader::new(pipe).lines().map_while(Result::ok)
}

/// `events --follow`, what it tells, and what it says beside that.
fn followed(
    router: &Serving,
) -> (
    Child,
    impl Iterator<Item = String> + Send + use<>,
    impl Iterator<Item = String> + use<>,
) {
    let mut follow = router
        .command("events --follow")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = lines(follow.stdout.take().unwrap());
    let beside = lines(follow.stderr.take().unwrap());
    (follow, told, beside)
}

#[test]
fn what_happens_is_followed_also_after_the_router_was_away() {
    let mut router = Serving::start();
    let (mut follow, mut told, mut beside) = followed(&router);
    // It may not follow yet: what is done is done until it is told.
    let forced = thread::scope(|s| {
        let heard = s.spawn(|| told.find(|line| line.contains("FORCED OPEN by ana")));
        for _ in 0..15 {
            router.said("force a/m-a open --for 1m");
            if heard.is_finished() {
                break;
            }
        }
        heard.join().unwrap()
    });
    assert!(forced.unwrap().contains("Z WARN "));
    router.again();
    let away = beside.next().unwrap();
    assert!(away.contains("tells no more; waiting"), "{away}");
    let back = beside.next().unwrap();
    let port = router.addr.rsplit(':').next().unwrap();
    let other = format!("{port}.sock is there, the only router that runs here now");
    assert!(back.ends_with(&other), "{back}");
    // What it told while nobody followed, and then what it tells.
    let started = told.find(|line| line.contains("serves on")).unwrap();
    assert!(started.contains(&router.addr), "{started}");
    assert_eq!(router.said("force a/m-a closed --for 1m").code, 0);
    let forced = told.find(|line| line.contains("FORCED")).unwrap();
    assert!(forced.contains("FORCED CLOSED by ana"), "{forced}");
    follow.kill().unwrap();
    follow.wait().unwrap();
}

#[test]
fn whoever_follows_for_nobody_ends_while_the_router_is_away() {
    let mut router = Serving::start();
    let (mut follow, mut told, mut beside) = followed(&router);
    // Once it is sure that it followed.
    thread::scope(|s| {
        let heard = s.spawn(|| told.next());
        while !heard.is_finished() {
            router.said("force a/m-a open --for 1m");
        }
        assert!(heard.join().unwrap().is_some());
    });
    router.child.kill().unwrap();
    router.child.wait().unwrap();
    assert!(beside.next().unwrap().contains("waiting"));
    drop(told);
    assert_eq!(follow.wait().unwrap().code(), Some(0));
}

#[test]
fn what_cannot_be_followed_from_the_beginning_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let said = Said::of(
        binary(dir.path())
            .args(["events", "--follow", "--to", "1"])
            .output()
            .unwrap(),
    );
    assert_eq!(said.code, 2, "{said:?}");
    assert_eq!(
        said.err,
        "breakerbox: no breakerbox at 127.0.0.1:1: connection refused\n"
    );
}

#[test]
fn whoever_shows_too_many_wrong_tokens_hears_when_one_is_looked_at_again() {
    let router = Serving::start();
    for i in 0..10 {
        let wrong = router.with_token("status", &format!("a-guess-0123456789-{i}"));
        assert_eq!(wrong.code, 3, "{wrong:?}");
    }
    let right = router.with_token("status", "control-token-0123456789");
    assert_eq!(right.code, 3, "{right:?}");
    let why = "too many wrong tokens from this address; try again in 60 s\n";
    assert!(right.err.ends_with(why), "{right:?}");
}

#[test]
fn a_wrong_word_or_a_token_for_everybody_to_read_is_no_command() {
    let dir = tempfile::tempdir().unwrap();
    for (line, why) in [
        ("force a/m-a opne", "open"),
        ("force a/m-a", "KIND"),
        ("fault add a/m-a nonsense", "nonsense"),
        (
            "release a/m-a --token geheim-0123456789",
            "unexpected argument '--token'",
        ),
        (
            "release a/m-a --to https://op:geheim@box",
            "does not belong into the address",
        ),
        ("release a/m-a --to ftp://box", "ftp:// is not spoken"),
        ("release a/m-a --token-file nowhere", "nowhere"),
        ("release a/m-a --token-file /dev/null", "/dev/null is empty"),
        ("events --all", "--follow"),
    ] {
        let mut command = binary(dir.path());
        let said = Said::of(command.args(shlex::split(line).unwrap()).output().unwrap());
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{line}: {said:?}");
        assert!(said.err.contains(why), "{line}: {said:?}");
        assert!(!said.err.contains("op:geheim"), "{said:?}");
    }
}

/// Says one thing to whoever comes.
fn odd(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    addr
}

#[test]
fn what_is_no_router_and_what_does_not_answer_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let run = |to: &str| {
        let mut command = binary(dir.path());
        Said::of(
            command
                .args(["release", "a/m-a", "--to", to])
                .output()
                .unwrap(),
        )
    };
    let page = odd("HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\n<p/>");
    let said = run(&page);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(
        said.err.contains(&page) && said.err.contains("cannot be read"),
        "{said:?}"
    );
    let busy = odd(
        "HTTP/1.1 504 Gateway Timeout\r\ncontent-length: 37\r\nconnection: close\r\n\r\n{\"error\":{\"message\":\"nothing came\"}}\n",
    );
    let said = run(&busy);
    assert_eq!(
        (said.code, said.err.as_str()),
        (4, "breakerbox: nothing came\n")
    );
    let fast = odd(
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 32\r\nconnection: close\r\n\r\n{\"error\":{\"message\":\"too fast\"}}",
    );
    let said = run(&fast);
    assert_eq!(
        (said.code, said.err.as_str()),
        (1, "breakerbox: too fast; try again in 1 s\n")
    );
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let said = run(&free.to_string());
    assert_eq!(said.code, 2, "{said:?}");
    assert!(
        said.err.contains(&format!("no breakerbox at {free}")),
        "{said:?}"
    );
}
