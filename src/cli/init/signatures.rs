//! By what the web UIs of docs/add-ons.md are known: where each usually listens, and what its first page says. The
//! table that is proposed for one is the block of that document.

use crate::cli::page::PageAnswer;

/// An add-on that can be told by its page.
#[derive(Debug)]
pub(super) struct Signature {
    /// Its slug in docs/add-ons.md.
    pub(super) slug: &'static str,
    /// The ports on which it listens unless somebody has changed that.
    pub(super) ports: &'static [u16],
    marker: Marker,
}

/// What tells it.
#[derive(Debug)]
enum Marker {
    /// The page's title has this word in it.
    Title(&'static str),
    /// The page has these words in it.
    Body(&'static str),
    /// A header of an answer has this text in it.
    Header(&'static str, &'static str),
}

/// Those that are known. The first that fits counts.
pub(super) const SIGNATURES: [Signature; 12] = [
    Signature { slug: "nodered", ports: &[1880], marker: Marker::Title("Node-RED") },
    Signature { slug: "zigbee2mqtt", ports: &[8080, 8099], marker: Marker::Title("Zigbee2MQTT") },
    Signature { slug: "esphome", ports: &[6052], marker: Marker::Title("ESPHome") },
    Signature { slug: "grafana", ports: &[3000], marker: Marker::Title("Grafana") },
    Signature { slug: "code", ports: &[8080, 8443, 8444], marker: Marker::Body("code-server") },
    Signature { slug: "octoprint", ports: &[5000], marker: Marker::Title("OctoPrint") },
    Signature { slug: "pgadmin", ports: &[5050], marker: Marker::Title("pgAdmin") },
    Signature { slug: "radicale", ports: &[5232], marker: Marker::Header("www-authenticate", "Radicale") },
    Signature { slug: "radicale", ports: &[5232], marker: Marker::Title("Radicale") },
    Signature { slug: "files", ports: &[3923], marker: Marker::Body("/.cpr/") },
    Signature { slug: "jupyter", ports: &[8888], marker: Marker::Title("Jupyter") },
    Signature { slug: "configurator", ports: &[3218], marker: Marker::Title("HASS Configurator") },
];

impl Signature {
    /// Whether one of these answers, which a browser would see one after the other, is this add-on's.
    pub(super) fn fits(&self, answers: &[PageAnswer]) -> bool {
        answers.iter().any(|answer| match self.marker {
            Marker::Title(word) => title(&answer.body).is_some_and(|title| title.contains(word)),
            Marker::Body(words) => String::from_utf8_lossy(&answer.body).contains(words),
            Marker::Header(name, text) => {
                answer.headers.get_all(name).iter().any(|value| value.to_str().is_ok_and(|value| value.contains(text)))
            }
        })
    }
}

/// What stands between `<title>` and `</title>`.
fn title(body: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(body);
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start.checked_add(lower.get(start..)?.find('>')?)?.checked_add(1)?;
    let length = lower.get(start..)?.find("</title>")?;
    page.get(start..start.checked_add(length)?).map(|title| title.trim().to_owned())
}

/// The block of docs/add-ons.md for this slug, and the sentences below it, up to the next block.
pub(super) fn documented(slug: &str) -> Option<(&'static str, &'static str)> {
    let line = format!("slug = \"{slug}\"\n");
    let section = include_str!("../../../docs/add-ons.md").split("\n## ").find(|section| section.contains(&line))?;
    let (block, rest) = section.split_once("```toml\n")?.1.split_once("```")?;
    Some((block, rest.split("\n```").next()?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_block_with_an_upstream_and_a_path() {
        for signature in &SIGNATURES {
            let (block, needs) = documented(signature.slug).unwrap_or_else(|| panic!("{}", signature.slug));
            assert!(block.starts_with("[[addon]]\n") && block.contains("\nupstream = \"http://127.0.0.1:"), "{block}");
            assert!(block.contains("\npath = \"/ingress/") && !needs.is_empty(), "{block}");
            assert!(!needs.contains("```") && !needs.contains("\n## "), "sentences alone: {needs}");
        }
    }

    #[test]
    fn a_title_is_found_however_it_is_written() {
        for page in ["<title>A B</title>", "<TITLE lang=en>\n A B </TITLE>", "x<title data-x=\"1\">A B</title>é"] {
            assert_eq!(title(page.as_bytes()).as_deref(), Some("A B"), "{page}");
        }
        for page in ["", "<title>", "<title", "</title><title>", "\u{130}<title>"] {
            assert_eq!(title(page.as_bytes()), None, "{page}");
        }
    }
}
