//! Who may come from the local network alone, and does not: from outside, which no test of the whole program is.

use super::*;
use crate::config::{self, HomeSource};
use crate::telemetry::Captured;
use crate::telemetry::LogFormat;

struct Bench {
    backend: AuthBackend,
    home: HomeAssistant,
    settings: config::Settings,
    captured: Captured,
}

impl Bench {
    fn new() -> Self {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let loaded = config::load(&root.join("config.toml"), &config::FilesAlone).unwrap();
        let settings = config::HomeAssistant {
            source: HomeSource::Files(root.join("examples/home")),
            api: None,
            time_zone: None,
            max_stale: Duration::from_hours(1),
        };
        let (telemetry, captured) = Telemetry::captured(LogFormat::Text);
        Self {
            backend: AuthBackend::new(Clock::System, telemetry),
            home: HomeAssistant::open(&settings, &config::Permissions::default(), Clock::System),
            settings: loaded.settings,
            captured,
        }
    }

    async fn check(&self, user: &str, from: &str) -> (u16, String) {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = json!({ "username": user, "password": format!("{user}-pass-1") }).to_string();
        let question = Question {
            addon: &self.settings.addons[0],
            client: ClientAddr::direct(from.parse().unwrap()),
            headers: &headers,
            body: body.as_bytes(),
            id: RequestId::next(),
            limits: &self.settings.sign_in,
            remember: None,
        };
        let status = self.backend.answer(question, &self.home).await.status().as_u16();
        (status, self.captured.lines().pop().unwrap())
    }
}

#[tokio::test]
async fn whoever_may_come_from_the_local_network_alone_is_refused_from_outside_and_the_log_says_so() {
    let bench = Bench::new();
    assert_eq!(bench.check("dave", "192.168.1.7").await.0, 200);
    let (status, line) = bench.check("dave", "203.0.113.9").await;
    assert_eq!(status, 401);
    for word in ["event=password_check", "outcome=not_local", "user_name=dave", "client=203.0.113.9", "addon="] {
        assert!(line.contains(word), "{word} in {line}");
    }
    assert_eq!(bench.check("bob", "203.0.113.9").await.0, 200, "everybody else may");
}
