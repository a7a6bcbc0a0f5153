//! Emoji by name: `:tada:` in a text, the argument of `/react`, and what a beginning may mean.

/// The emoji of a name, without its colons; or the text itself if it is an emoji.
pub fn named(name: &str) -> Option<&'static str> {
    let name = name.trim();
    let bare = name.strip_prefix(':').unwrap_or(name);
    let bare = bare.strip_suffix(':').unwrap_or(bare);
    emojis::get_by_shortcode(&bare.to_lowercase())
        .or_else(|| emojis::get(name))
        .map(emojis::Emoji::as_str)
}

/// Up to `most` emoji one of whose names begins with `beginning`, or else contains it: the name and the emoji.
pub fn beginning(beginning: &str, most: usize) -> Vec<(&'static str, &'static str)> {
    let wanted = beginning.to_lowercase();
    let names = || emojis::iter().flat_map(|emoji| emoji.shortcodes().map(move |name| (name, emoji.as_str())));
    let first = names().filter(|(name, _)| name.starts_with(&wanted));
    let then = names().filter(|(name, _)| !name.starts_with(&wanted) && name.contains(&wanted));
    first.chain(then).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_found_by_its_name_with_or_without_colons_and_by_itself() {
        for text in ["tada", ":tada:", ":TADA", "🎉"] {
            assert_eq!(named(text), Some("🎉"), "{text}");
        }
        assert_eq!(named("no such thing"), None);
        assert_eq!(beginning("tad", 3)[0], ("tada", "🎉"));
        assert!(beginning("heart", 5).len() == 5);
    }
}
