//! What all our pages share: the name and the colours of the home, and the files that pages load.

use http::HeaderMap;
use serde_json::json;

use super::asset::Asset;
use super::colour::{Accent, Colour};
use super::language::Language;
use super::response::Page;
use super::texts::{GeneralTexts, LauncherTexts};
use crate::config::{Logo, Pages};

/// What one configuration makes of the look of our pages.
#[derive(Debug)]
pub struct Site {
    title: Option<String>,
    /// Whose pages may show the launcher in a frame: an origin.
    embedder: Option<String>,
    pub(super) style: Asset,
    pub(super) script: Asset,
    pub(super) retry: Asset,
    pub(super) launcher: Asset,
    pub(super) icon: Asset,
    touch_icon: Asset,
    pub(super) logo: Option<Asset>,
    manifests: [(Language, Asset); 2],
}

impl Site {
    /// By `[pages]`.
    pub fn new(settings: &Pages) -> Self {
        let accent = Colour(settings.accent);
        let (light, dark) = (Accent::on_light(accent), Accent::on_dark(accent));
        let style = STYLE
            .replace("/* accent */", &format!("--accent: {}; --on-accent: {};", light.accent, light.on_accent))
            .replace("/* dark accent */", &format!("--accent: {}; --on-accent: {};", dark.accent, dark.on_accent));
        let icon = |text: &str| text.replace("#005f87", &light.accent.to_string());
        let icon = Asset::new("icon", "svg", SVG, icon(include_str!("../../templates/icon.svg")));
        let touch_icon = Asset::new("icon", "png", "image/png", &include_bytes!("../../templates/icon.png")[..]);
        let manifests = Language::ALL.map(|language| {
            let title = settings.title.as_deref().unwrap_or(GeneralTexts::of(language).home);
            let icons = [("any", &icon, "any"), ("any", &touch_icon, "512x512"), ("maskable", &touch_icon, "512x512")];
            let icons = icons.map(|(purpose, icon, sizes)| {
                json!({ "src": icon.address(), "type": icon.media(), "sizes": sizes, "purpose": purpose })
            });
            let manifest = json!({
                "name": title,
                "short_name": title,
                "description": LauncherTexts::of(language).manifest,
                "lang": language.tag(),
                "id": "/.vestibule/",
                "start_url": "/.vestibule/",
                "scope": "/",
                "display": "standalone",
                "theme_color": light.accent.to_string(),
                "background_color": "#f2f4f7",
                "icons": icons,
            });
            let stem = format!("manifest-{}", language.tag());
            (language, Asset::new(&stem, "webmanifest", "application/manifest+json", manifest.to_string()))
        });
        Self {
            title: settings.title.clone(),
            embedder: settings.embedder.clone(),
            style: Asset::new("style", "css", "text/css; charset=utf-8", style),
            script: script("page", include_str!("../../templates/page.js")),
            retry: script("retry", include_str!("../../templates/retry.js")),
            launcher: script("launcher", include_str!("../../templates/launcher.js")),
            logo: settings
                .logo
                .as_ref()
                .map(|Logo { extension, media, bytes }| Asset::new("logo", extension, media, bytes.to_vec())),
            icon,
            touch_icon,
            manifests,
        }
    }

    /// The file with this name under our own path, if there is one.
    pub fn asset(&self, name: &str, headers: &HeaderMap) -> Option<Page> {
        let always = [&self.style, &self.script, &self.retry, &self.launcher, &self.icon, &self.touch_icon];
        let manifests = self.manifests.iter().map(|(_, manifest)| manifest);
        let mut all = always.into_iter().chain(&self.logo).chain(manifests);
        all.find(|asset| asset.name() == name).map(|asset| asset.answer(headers))
    }

    /// What the home is called.
    pub(super) fn title(&self, language: Language) -> &str {
        self.title.as_deref().unwrap_or(GeneralTexts::of(language).home)
    }

    pub(super) fn manifest(&self, language: Language) -> String {
        let manifest = self.manifests.iter().find(|(of, _)| *of == language);
        manifest.map(|(_, manifest)| manifest.address()).unwrap_or_default()
    }

    pub(super) fn touch_icon(&self) -> String {
        self.touch_icon.address()
    }

    pub(super) fn embedder(&self) -> Option<&str> {
        self.embedder.as_deref()
    }
}

fn script(stem: &str, text: &'static str) -> Asset {
    Asset::new(stem, "js", "text/javascript; charset=utf-8", text)
}

const STYLE: &str = include_str!("../../templates/style.css");
const SVG: &str = "image/svg+xml";
