//! The built-in `whoami`: the page on which people see what an add-on sees.

use crate::support::{Ask, BOTH, Vestibule};

#[test]
fn it_shows_a_request_in_the_language_of_its_reader_and_what_a_client_wrote_stays_text() {
    let vestibule = Vestibule::start(|config| {
        config.addon_table("slug = \"who\"\nupstream = \"builtin:whoami\"\npath = \"/ingress/who\"");
    });
    let frank = vestibule.cookie("frank");
    let ask = |path: &str, language: &str| {
        let ask = Ask::navigate(&format!("/ingress/who/{path}")).cookie(&frank).field("Accept-Language", language);
        let ask = ask.field("X-Remote-User-Name", "owner").field("X-Colour", "<script>alert(1)</script>");
        vestibule.ask(BOTH[1], &ask)
    };
    for (language, tag, title) in [("en", "en", "This is what an add-on sees"), ("de-AT", "de", "Das sieht ein Add-on")]
    {
        let page = ask("", language);
        assert_eq!(page.status, 200, "{page:#?}");
        let html = page.text();
        for word in [&*format!("<html lang=\"{tag}\""), title, "<main>", "<code>frank</code>"] {
            assert!(html.contains(word), "{word}: {html}");
        }
        assert!(!html.contains("<script>alert"), "{html}");
        let shown = html.split("id=\"headers\"").nth(1).and_then(|rest| rest.split("</table>").next()).unwrap();
        assert!(!shown.contains("owner"), "{shown}");
        let policy = page.fields.one("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
    let style = ask("whoami.css", "en");
    assert!(style.text().contains("--accent: #005f87") && !style.text().contains("/* accent */"), "our own face");
}
