//! Finding emoji: flags, key caps, and pictographs with their modifiers joined
//! to families, professions and the like.

use std::sync::LazyLock;

use fancy_regex::Regex;

const PATTERN: &str = concat!(
    r"\p{Regional_Indicator}{2}|[0-9#*]\x{FE0F}?\x{20E3}|",
    // Copyright and trade mark signs are emoji only when asked to be.
    r"(?:[\p{Extended_Pictographic}--[©®™]]|[©®™](?=\x{FE0F}))[\x{FE0F}\p{Emoji_Modifier}\x{E0020}-\x{E007F}]*",
    r"(?:\x{200D}\p{Extended_Pictographic}[\x{FE0F}\p{Emoji_Modifier}]*)*",
);

/// The text with each emoji replaced, or `None` if there is none.
pub(crate) fn replaced(text: &str, replacement: &str) -> Option<String> {
    static EMOJI: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(PATTERN).ok());
    if text.is_ascii() && !text.contains('\u{20E3}') {
        return None;
    }
    let emoji = EMOJI.as_ref()?;
    let mut out = String::new();
    let mut from = 0;
    for found in emoji.find_iter(text) {
        let found = found.ok()?;
        out.push_str(&text[from..found.start()]);
        out.push_str(replacement);
        from = found.end();
    }
    (from > 0).then(|| out + &text[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_emoji_is_one_however_it_is_composed() {
        for emoji in ["😀", "👍🏽", "👨‍👩‍👧", "🇨🇿", "1️⃣", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "©️"]
        {
            assert_eq!(replaced(&format!("a{emoji}b"), "-").as_deref(), Some("a-b"), "{emoji}");
        }
        for plain in ["héllo", "© 2026", "日本", "123"] {
            assert_eq!(replaced(plain, "-"), None, "{plain}");
        }
    }
}
