//! The accent: the one colour that an operator chooses, as it must be for people to read what is written in and on it.

use std::fmt;

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) [u8; 3]);

/// An accent in light or in dark surroundings, and what is written on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accent {
    pub(super) accent: Colour,
    pub(super) on_accent: Colour,
}

impl Accent {
    /// For light pages: darkened until it can be read there.
    pub(super) fn on_light(colour: Colour) -> Self {
        let steps = (0..=20).map(|step| colour.mixed(Colour([0; 3]), step));
        Self::first_readable(steps, LIGHT)
    }

    /// For dark pages: lightened until it can be read there. First as bright as its hue can be, and only then paler.
    pub(super) fn on_dark(colour: Colour) -> Self {
        let brightest = colour.brightest();
        let brighter = (0..20).map(|step| colour.mixed(brightest, step));
        let paler = (0..=20).map(|step| brightest.mixed(Colour([255; 3]), step));
        Self::first_readable(brighter.chain(paler), DARK)
    }

    /// The last of them is black or white, which can be read.
    fn first_readable(steps: impl Iterator<Item = Colour>, ground: Colour) -> Self {
        let mut accent = Colour([255; 3]);
        for step in steps {
            accent = step;
            if accent.contrast(ground) >= ENOUGH {
                break;
            }
        }
        let [white, black] = [Colour([255; 3]), Colour([0x0b, 0x12, 0x18])];
        let on_accent = if accent.contrast(white) >= accent.contrast(black) { white } else { black };
        Self { accent, on_accent }
    }
}

impl Colour {
    /// The same hue with its strongest part at its most.
    fn brightest(self) -> Self {
        let most = self.0.into_iter().max().map_or(1, |most| u32::from(most).max(1));
        Self(self.0.map(|part| u8::try_from(u32::from(part).saturating_mul(255) / most).unwrap_or(u8::MAX)))
    }

    /// This colour with so many twentieths of the other in it.
    fn mixed(self, other: Self, twentieths: u32) -> Self {
        let mix = |(a, b): (u8, u8)| {
            let sum = u32::from(a) * 20_u32.saturating_sub(twentieths) + u32::from(b) * twentieths;
            u8::try_from(sum / 20).unwrap_or(u8::MAX)
        };
        let [red, green, blue] = self.0;
        let [other_red, other_green, other_blue] = other.0;
        Self([(red, other_red), (green, other_green), (blue, other_blue)].map(mix))
    }

    /// From 1 to 21 (WCAG 2.2, "contrast ratio").
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// From 0 to 1 (WCAG 2.2, "relative luminance").
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// A little more than WCAG 2.2 asks of texts (level AA, 4.5), as the accent also stands on its own soft shade.
const ENOUGH: f64 = 5.6;

/// The grounds of `style.css`, `--paper` on light pages and `--card` on dark ones.
const LIGHT: Colour = Colour([0xf2, 0xf4, 0xf7]);
const DARK: Colour = Colour([0x1c, 0x1f, 0x25]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_accent_can_be_read_on_both_grounds_and_what_is_on_it_too() {
        for colour in [[0; 3], [255; 3], [255, 255, 0], [0x03, 0xa9, 0xf4], [0x80; 3], [0xff, 0, 0], [0, 0, 0x30]] {
            for (accent, ground) in [(Accent::on_light(Colour(colour)), LIGHT), (Accent::on_dark(Colour(colour)), DARK)]
            {
                assert!(accent.accent.contrast(ground) >= 4.5, "{colour:?}: {accent:?}");
                assert!(accent.accent.contrast(accent.on_accent) >= 4.5, "{colour:?}: {accent:?}");
            }
        }
    }

    #[test]
    fn one_that_can_be_read_stays_as_it_is() {
        let teal = Colour([0x00, 0x5f, 0x73]);
        assert_eq!(Accent::on_light(teal).accent, teal);
        assert_eq!(Colour([0x00, 0x5f, 0x73]).to_string(), "#005f73");
        assert!((Colour([0; 3]).contrast(Colour([255; 3])) - 21.0).abs() < 0.01);
    }

    #[test]
    fn the_grounds_are_those_of_the_style() {
        let style = include_str!("../../templates/style.css");
        assert!(style.contains(&format!("--paper: {LIGHT}")) && style.contains(&format!("--card: {DARK}")));
    }
}
