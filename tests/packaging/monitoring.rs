//! Prometheus' rules and Grafana's dashboard, beside the metrics that there are.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::tools::{Tool, find};
use crate::{content, shipped};

const ALERTS: &str = "packaging/monitoring/alerts.yml";
const DASHBOARD: &str = "packaging/monitoring/dashboard.json";

/// The metrics that an expression names, without what a histogram's parts have at their end.
fn named(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let base = |word: &str| {
        ["_bucket", "_sum", "_count"].iter().fold(word.to_owned(), |name, end| name.trim_end_matches(end).to_owned())
    };
    words.filter(|word| word.starts_with("vestibule_")).map(base).collect()
}

/// The metrics of docs/reference.md, which tests/documentation.rs compares with the program's. A running vestibule shows
/// some of them only when they have counted something.
fn there() -> BTreeSet<String> {
    let document = fs::read_to_string(shipped("docs/reference.md")).unwrap();
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `vestibule_")?.split_once('`'));
    rows.map(|(name, _)| format!("vestibule_{name}")).collect()
}

/// The expressions of the dashboard and of its variables.
fn dashboard_expressions() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(shipped(DASHBOARD)).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn alerts_and_dashboard_name_only_metrics_that_there_are() {
    let there = there();
    assert!(there.len() > 25, "{there:?}");
    let alerts = fs::read_to_string(shipped(ALERTS)).unwrap();
    let dashboard = fs::read_to_string(shipped(DASHBOARD)).unwrap();
    for (file, text) in [(ALERTS, &alerts), (DASHBOARD, &dashboard)] {
        let named = named(text);
        assert!(named.len() >= 10, "{file} names {named:?}");
        let unknown: Vec<_> = named.difference(&there).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
}

#[test]
fn the_dashboard_has_places_for_its_panels() {
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(shipped(DASHBOARD)).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    let mut cells = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{} has another's id", panel["title"]);
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(side("x") + side("w") <= 24, "{} is wider than the page", panel["title"]);
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                assert!(cells.insert((x, y)), "{} lies on another", panel["title"]);
            }
        }
    }
    assert!(panels.len() > 20);
}

#[test]
fn prometheus_takes_the_alerts_and_raises_each_when_it_should() {
    let Some(promtool) = find(Tool::Promtool) else { return };
    let said = content(Command::new(&promtool).args(["check", "rules"]).arg(shipped(ALERTS)));
    assert!(said.contains("rules found"), "{said}");
    content(Command::new(&promtool).args(["test", "rules"]).arg(shipped("packaging/monitoring/alerts.test.yml")));
    let tested = fs::read_to_string(shipped("packaging/monitoring/alerts.test.yml")).unwrap();
    let alerts = fs::read_to_string(shipped(ALERTS)).unwrap();
    for name in alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(tested.contains(&format!("alertname=\"{name}\", severity=")), "{name} is never raised in the test");
    }
}

#[test]
fn prometheus_can_read_every_expression_of_the_dashboard() {
    let Some(promtool) = find(Tool::Promtool) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut rules = "groups:\n  - name: dashboard\n    rules:\n".to_owned();
    for (number, expression) in dashboard_expressions().iter().enumerate() {
        let expression =
            expression.replace("$__rate_interval", "5m").replace("$instance", ".*").replace("$addon", ".*");
        let _ = writeln!(rules, "      - record: panel:{number}\n        expr: {}", Value::from(expression));
    }
    let file = folder.path().join("rules.yml");
    fs::write(&file, rules).unwrap();
    content(Command::new(&promtool).args(["check", "rules"]).arg(&file));
}
