//! What a browser calls itself, in words for people: "Firefox on Android".
//!
//! A name to tell sessions apart by, and no proof of anything: whoever signs in says what they like. What is not
//! recognised is never shown here as it came.

/// The device in a few words, by the `User-Agent` of its browser.
pub(super) fn name(words: &str) -> String {
    let (program, system) = parts(words);
    let program = program.map(|program| if program == APP { format!("the {program}") } else { program.to_owned() });
    let system = system.map(|system| match system {
        "iPhone" | "iPad" => format!("an {system}"),
        "Mac" => format!("a {system}"),
        _ => system.to_owned(),
    });
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(program), None) => program,
        (None, Some(system)) => format!("a browser on {system}"),
        (None, None) => "an unknown device".to_owned(),
    }
}

/// The browser and what it runs on, as far as they are known, each by its name.
pub(super) fn parts(words: &str) -> (Option<&'static str>, Option<&'static str>) {
    let of =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| words.contains(mark)).map(|(_, name)| *name);
    (of(PROGRAMS), of(SYSTEMS))
}

const APP: &str = "Home Assistant app";

/// In this order: most browsers name those as well that they want to be taken for.
const PROGRAMS: &[(&str, &str)] = &[
    ("Home Assistant/", APP),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome without a window"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

/// In this order: an iPhone says "like Mac OS X", and Android says "Linux".
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_by_what_their_browsers_say() {
        for (words, expected) in [
            ("Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0", "Firefox on Android"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile \
                 Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 \
                 Safari/537.36 Edg/124.0.2478.80",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/17.4.1 Mobile/15E148 Safari/604.1",
                "Safari on an iPhone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 CriOS/124.0.6367.88 Mobile/15E148 Safari/604.1",
                "Chrome on an iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 \
                 Safari/605.1.15",
                "Safari on a Mac",
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/24.0 \
                 Chrome/117.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 \
                 Safari/537.36",
                "Chrome on ChromeOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/UQ1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Version/4.0 Chrome/124.0.6367.82 Mobile Safari/537.36 Home Assistant/2024.4.3-12345",
                "the Home Assistant app on Android",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/124.0.0.0 \
                 Safari/537.36",
                "Chrome without a window on Linux",
            ),
            ("Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0)", "a browser on Linux"),
            ("curl/8.5.0", "curl"),
            ("<script>alert(1)</script>", "an unknown device"),
            ("", "an unknown device"),
        ] {
            assert_eq!(name(words), expected, "{words}");
        }
    }
}
