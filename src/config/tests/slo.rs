use super::*;

#[test]
fn an_objective_is_read_and_one_that_nobody_can_keep_is_refused() {
    let text = "routes.r.tiers = ['openai/a']\n[slo]\ntarget = 0.9995\np95 = '15s'";
    let config = toml(text);
    let slo = config.slo.unwrap();
    assert_eq!(slo.to_string(), "99.95% over 30d, p95 15s");
    assert_eq!(toml("routes.r.tiers = ['openai/a']").slo, None);
    let problem = problems("config.toml", &text.replace("0.9995", "1.0"));
    assert!(
        problem.contains("slo.target") && problem.contains("under 1"),
        "{problem}"
    );
}
