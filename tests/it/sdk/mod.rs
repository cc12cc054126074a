//! Real clients against the real binary: each script in `tests/sdk` drives one SDK through everything that its users
//! do, over simulated providers for what is well and scripted ones for what is not.

mod install;
mod stage;
mod tap;

pub(crate) use install::{or_skip, rotel, script};
use stage::Stage;
use std::{
    fs::File,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use tokio::time::Instant;

/// No script takes nearly as long on an idle machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs a script on a stage of its own and shows what it said.
#[expect(
    clippy::print_stdout,
    reason = "what a test says when it is asked to show it"
)]
async fn run(name: &str) {
    let Some((program, script)) = or_skip("the SDKs", script(name)) else {
        return;
    };
    let stage = Stage::set().await;
    let began = Instant::now();
    let mut command = Command::new(program);
    command
        .arg(script)
        .env("BREAKERBOX", stage.door())
        .env("SEEN", stage.seen());
    match play(&mut command).await {
        Ok(said) => println!("{said}{name} in {:.1} s", began.elapsed().as_secs_f64()),
        Err(said) => panic!("{said}"),
    }
}

/// What the script said: an error when it failed, or said no word of a check.
async fn play(command: &mut Command) -> Result<String, String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let said = dir.path().join("said.txt");
    let file = File::create(&said).map_err(|e| e.to_string())?;
    let errors = file.try_clone().map_err(|e| e.to_string())?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(errors)
        .spawn()
        .map_err(|e| format!("{command:?}: {e}"))?;
    let began = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|e| e.to_string())? {
            Some(status) => break status,
            None if began.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no end after {PATIENCE:?}:\n{}", read(&said)));
            }
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let said = read(&said);
    if status.success() && said.contains("ok ") {
        Ok(said)
    } else {
        Err(said)
    }
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

#[tokio::test]
async fn openai_for_python_is_served() {
    run("python/openai_sdk.py").await;
}

#[tokio::test]
async fn openai_for_python_is_served_at_the_responses_door() {
    run("python/openai_responses.py").await;
}

#[tokio::test]
async fn anthropic_for_python_is_served() {
    run("python/anthropic_sdk.py").await;
}

#[tokio::test]
async fn google_genai_for_python_is_served() {
    run("python/google_genai.py").await;
}

#[tokio::test]
async fn litellms_client_is_served() {
    run("python/litellm_client.py").await;
}

#[tokio::test]
async fn langchains_chat_openai_is_served() {
    run("python/langchain_client.py").await;
}

#[tokio::test]
async fn openai_for_node_is_served() {
    run("node/openai.mjs").await;
}

#[tokio::test]
async fn openai_for_node_is_served_at_the_responses_door() {
    run("node/openai_responses.mjs").await;
}

#[tokio::test]
async fn anthropic_for_node_is_served() {
    run("node/anthropic.mjs").await;
}

#[tokio::test]
async fn google_genai_for_node_is_served() {
    run("node/google.mjs").await;
}

#[tokio::test]
async fn vercels_ai_sdk_is_served() {
    run("node/vercel.mjs").await;
}
