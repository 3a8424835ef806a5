//! The colour of a card: hexadecimal for MessageCards, one of six styles for Adaptive Cards, which have no
//! others.
//!
//! Never fails over a colour: one that cannot be read is told when the configuration is, and a card goes out
//! in the colour of its severity.

use tocsin_plugin::Context;
use tocsin_plugin::prelude::*;

/// A style of `Container` (Adaptive Cards 1.2 and later).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// As the card.
    Default,
    /// Grey.
    Emphasis,
    /// Green.
    Good,
    /// Red.
    Attention,
    /// Yellow.
    Warning,
    /// Blue.
    Accent,
}

/// The names of the styles, and the colour of each; `default` has none.
const STYLES: [(&str, Style, Option<Rgb>); 6] = [
    ("default", Style::Default, None),
    ("emphasis", Style::Emphasis, Some(Rgb(0x8A, 0x88, 0x86))),
    ("good", Style::Good, Some(Rgb(0x10, 0x7C, 0x10))),
    ("attention", Style::Attention, Some(Rgb(0xD1, 0x34, 0x38))),
    ("warning", Style::Warning, Some(Rgb(0xF7, 0xA3, 0x00))),
    ("accent", Style::Accent, Some(Rgb(0x00, 0x78, 0xD4))),
];

/// Degrees of the styles that have a hue.
const HUES: [(i32, Style); 4] =
    [(0, Style::Attention), (45, Style::Warning), (120, Style::Good), (210, Style::Accent)];

/// Below this part of a hundred, the spread between the channels is none that people call a colour.
const GREY_PERCENT: i32 = 10;
/// From this value of every channel on, a grey is the paper's white.
const WHITE: u8 = 0xF0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rgb(u8, u8, u8);

/// What a card is highlighted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Highlight {
    rgb: Option<Rgb>,
    style: Style,
}

impl Highlight {
    /// The one that is set, or one by state and severity.
    pub(crate) fn of(context: &Context, set: Option<&str>) -> Self {
        let by_incident = || Self::of_rgb(by_incident(context.incident.state, context.incident.severity));
        set.and_then(Self::parse).unwrap_or_else(by_incident)
    }

    /// Six hexadecimal digits, with `#` or without, or the name of a style.
    fn parse(text: &str) -> Option<Self> {
        let word = text.trim();
        if let Some((_, style, rgb)) = STYLES.iter().find(|(name, ..)| word.eq_ignore_ascii_case(name)) {
            return Some(Self { rgb: *rgb, style: *style });
        }
        let digits = word.strip_prefix('#').unwrap_or(word);
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self::of_rgb(Rgb(channel(0)?, channel(2)?, channel(4)?)))
    }

    fn of_rgb(rgb: Rgb) -> Self {
        Self { rgb: Some(rgb), style: nearest(rgb) }
    }

    /// `D13438`, as `themeColor` wants it; nothing for the style `default`.
    pub(crate) fn hex(self) -> Option<String> {
        self.rgb.map(|Rgb(red, green, blue)| format!("{red:02X}{green:02X}{blue:02X}"))
    }

    /// The style's name, as `Container.style` wants it.
    pub(crate) fn style(self) -> &'static str {
        STYLES.iter().find(|(_, style, _)| *style == self.style).map_or("default", |(name, ..)| name)
    }
}

/// What is wrong with the setting.
pub(crate) fn check(set: Option<&str>) -> Option<SettingProblem> {
    let set = set.map(str::trim).filter(|set| !set.is_empty())?;
    if Highlight::parse(set).is_some() {
        return None;
    }
    let names = STYLES.map(|(name, ..)| name).join(", ");
    let set = text::truncate(&text::one_line(set), 40);
    Some(SettingProblem::new(
        "highlight_color",
        format!("`{set}` is neither six hexadecimal digits, such as D13438, nor one of the styles {names}"),
    ))
}

fn by_incident(state: State, severity: Severity) -> Rgb {
    match (state, severity) {
        (State::Resolved, _) => Rgb(0x10, 0x7C, 0x10),
        (State::Acknowledged, _) => Rgb(0x00, 0x78, 0xD4),
        (State::Open, Severity::Critical) => Rgb(0xD1, 0x34, 0x38),
        (State::Open, Severity::High) => Rgb(0xDA, 0x3B, 0x01),
        (State::Open, Severity::Medium) => Rgb(0xF7, 0xA3, 0x00),
        (State::Open, Severity::Low) => Rgb(0xF2, 0xC8, 0x11),
        (State::Open, Severity::Info) => Rgb(0x8A, 0x88, 0x86),
    }
}

/// The style whose hue is nearest on the circle of colours; greys are `emphasis`, whites `default`.
fn nearest(rgb: Rgb) -> Style {
    let Rgb(red, green, blue) = rgb;
    let (red, green, blue) = (i32::from(red), i32::from(green), i32::from(blue));
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let spread = most - least;
    if spread * 100 <= GREY_PERCENT * 255 {
        return if least >= i32::from(WHITE) { Style::Default } else { Style::Emphasis };
    }
    let hue = match most {
        _ if most == red => 60 * (green - blue) / spread,
        _ if most == green => 120 + 60 * (blue - red) / spread,
        _ => 240 + 60 * (red - green) / spread,
    };
    let away = |of: i32| {
        let distance = (hue - of).rem_euclid(360);
        distance.min(360 - distance)
    };
    HUES.iter().min_by_key(|(of, _)| away(*of)).map_or(Style::Default, |(_, style)| *style)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(set: &str) -> &'static str {
        Highlight::parse(set).expect("a colour").style()
    }

    #[test]
    fn digits_have_the_style_of_the_nearest_hue() {
        for (set, expected) in [
            ("FF0000", "attention"),
            ("b00020", "attention"),
            ("#DA3B01", "attention"),
            ("FF00AA", "attention"),
            ("FF9900", "warning"),
            ("FFFF00", "warning"),
            ("00ff00", "good"),
            ("107C10", "good"),
            ("00FFFF", "accent"),
            ("0000FF", "accent"),
            ("800080", "attention"),
            ("6A0DAD", "accent"),
            ("808080", "emphasis"),
            ("000000", "emphasis"),
            ("FFFFFF", "default"),
        ] {
            assert_eq!(style(set), expected, "{set}");
        }
    }

    #[test]
    fn a_styles_name_has_a_colour_for_message_cards() {
        assert_eq!(style("Attention"), "attention");
        assert_eq!(Highlight::parse("good").and_then(Highlight::hex).as_deref(), Some("107C10"));
        assert_eq!(Highlight::parse("default").and_then(Highlight::hex), None);
        for (name, _, rgb) in STYLES {
            let same = rgb.is_none_or(|rgb| Highlight::of_rgb(rgb).style() == name);
            assert!(same, "{name} is not the style of its own colour");
        }
    }

    #[test]
    fn what_is_neither_is_a_problem_that_names_both() {
        for wrong in ["red", "#FF000", "FF00001", "GG0000", "rgb(1,2,3)", "ff00é"] {
            let problem = check(Some(wrong)).expect("a problem");
            assert!(problem.problem.contains("six hexadecimal digits"), "{problem:?}");
            assert!(problem.problem.contains("default, emphasis, good, attention, warning, accent"));
        }
        assert_eq!(check(Some(" ")), None);
        assert_eq!(check(None), None);
    }
}
