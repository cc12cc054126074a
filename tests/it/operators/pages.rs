//! Web pages, rebound names, proxies: what makes a browser on this machine, or all the world, look like an operator.

use super::{FORCE, HERE, JSON, TOKENS, bearer, give, look, nothing_happened, rig, said};

#[tokio::test]
async fn this_machine_is_known_by_its_own_names() {
    let (rig, _) = rig("").await;
    let port = rig.addr.port();
    for host in [
        "localhost".to_owned(),
        "LocalHost:1".to_owned(),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{port}"),
        "[::1]".to_owned(),
        "[::1]:4141".to_owned(),
    ] {
        let answer = look(&rig, &[&format!("host: {host}")]).await;
        assert_eq!(answer.status, 200, "{host}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn a_name_that_somebody_else_could_point_at_this_machine_opens_nothing() {
    let (mut rig, _) = rig("").await;
    for hosts in [
        &["host: evil.example"][..],
        &["host: evil.example:4141"],
        &["host: 127.0.0.1.evil.example"],
        &["host: 127.0.0.1:80.evil.example"],
        &["host: localhost.evil.example:4141"],
        &["host: localhost@evil.example"],
        &["host: evil.example#localhost"],
        &["host: 127.0.0.1, evil.example"],
        &["host: [::1].evil.example"],
        &["host: [::ffff:127.0.0.1]"],
        &["host: 0.0.0.0"],
        &["host: 2130706433"],
        &["host: "],
        &[],
        &["host: localhost", "host: evil.example"],
        &["host: evil.example", "host: localhost"],
    ] {
        let answer = look(&rig, hosts).await;
        assert_eq!(answer.status, 403, "{hosts:?}");
        assert!(!answer.body.contains("a/m-a"), "{answer:?}");
        let headers = [hosts, &[JSON]].concat();
        let answer = said(&rig, "POST", "/admin/command", &headers, FORCE).await;
        assert_eq!(answer.status, 403, "{hosts:?}");
    }
    nothing_happened(&mut rig);
}

#[tokio::test]
async fn the_name_in_the_request_line_counts_as_much_as_the_one_in_the_header() {
    let (mut rig, _) = rig("").await;
    let by = async |authority: &str, host: &str| {
        let target = format!("http://{authority}/admin/snapshot");
        said(&rig, "GET", &target, &[host], "").await.status
    };
    assert_eq!(by("evil.example", HERE).await, 403);
    assert_eq!(by("localhost", "host: evil.example").await, 403);
    assert_eq!(by("localhost@evil.example:80", HERE).await, 403);
    assert_eq!(by("127.0.0.1:4141", HERE).await, 200);
    let target = "http://evil.example/admin/command";
    let answer = said(&rig, "POST", target, &[HERE, JSON], FORCE).await;
    assert_eq!(answer.status, 403);
    nothing_happened(&mut rig);
}

#[tokio::test]
async fn no_web_page_gets_in_not_even_with_a_token() {
    for (more, token) in [("", None), (TOKENS, Some(bearer(super::CONTROL)))] {
        let (mut rig, _) = rig(more).await;
        for from in [
            "origin: https://evil.example",
            "origin: null",
            "origin: http://localhost",
            "origin: ",
            "sec-fetch-site: cross-site",
            "sec-fetch-site: same-site",
            "sec-fetch-site: same-origin",
        ] {
            let mut headers = vec![from];
            headers.extend(token.as_deref());
            assert_eq!(give(&rig, &headers, FORCE).await.status, 403, "{from}");
            headers.push(HERE);
            assert_eq!(look(&rig, &headers).await.status, 403, "{from}");
            headers.extend([
                "upgrade: websocket",
                "sec-websocket-version: 13",
                "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            ]);
            let upgrade = said(&rig, "GET", "/admin/attach", &headers, "").await;
            assert_eq!(upgrade.status, 403, "{from}");
        }
        nothing_happened(&mut rig);
    }
    let (rig, _) = rig("").await;
    let typed = look(&rig, &[HERE, "sec-fetch-site: none"]).await;
    assert_eq!(typed.status, 200, "an address that a person typed");
}

/// Browsers that send no Origin with forms are old, and still there.
#[tokio::test]
async fn what_a_page_can_send_without_asking_is_no_command() {
    let (mut rig, _) = rig("").await;
    for kind in [
        "content-type: text/plain",
        "content-type: text/plain; application/json",
        "content-type: application/x-www-form-urlencoded",
        "content-type: multipart/form-data; boundary=x",
        "x-nothing: at all",
    ] {
        let answer = said(&rig, "POST", "/admin/command", &[HERE, kind], FORCE).await;
        assert_eq!(answer.status, 415, "{kind}");
    }
    for method in ["OPTIONS", "GET", "HEAD", "PUT", "DELETE"] {
        let headers = [HERE, "access-control-request-method: POST"];
        let answer = said(&rig, method, "/admin/command", &headers, "").await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(!answer.head.contains("access-control-allow"), "{answer:?}");
    }
    nothing_happened(&mut rig);
}

#[tokio::test]
async fn what_a_proxy_on_this_machine_hands_on_is_not_from_this_machine() {
    let (mut rig, _) = rig("").await;
    for by in [
        "x-forwarded-for: 203.0.113.9",
        "x-forwarded-for: 127.0.0.1",
        "forwarded: for=127.0.0.1",
        "x-forwarded-host: breakerbox.example",
        "x-real-ip: 127.0.0.1",
        "via: 1.1 proxy",
    ] {
        let answer = look(&rig, &[HERE, by]).await;
        assert_eq!(answer.status, 403, "{by}");
        assert!(answer.why().contains("control.tokens"), "{answer:?}");
        assert_eq!(give(&rig, &[by], FORCE).await.status, 403, "{by}");
    }
    nothing_happened(&mut rig);
}
