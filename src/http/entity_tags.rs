//! Entity tags and the conditions that are made of them (RFC 9110, sections 8.8.3 and 13.1).

/// The most bytes in a header with a condition. A client has one tag of at most 40 bytes for each
/// version that it keeps.
pub(super) const CONDITION_MAX: usize = 1000;

/// A tag that names one version of a representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntityTag<'a> {
    pub weak: bool,
    /// What is between the quotes.
    pub opaque: &'a str,
}

/// What `If-Match` and `If-None-Match` name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TagCondition<'a> {
    /// `*`: any version.
    Any,
    Tags(Vec<EntityTag<'a>>),
}

impl<'a> TagCondition<'a> {
    /// Parses the value of a header. None if it breaks the grammar or is too long.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.trim();
        if rest.len() > CONDITION_MAX {
            return None;
        }
        if rest == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        loop {
            let (tag, after) = take_tag(rest)?;
            tags.push(tag);
            let after = after.trim_start();
            if after.is_empty() {
                return Some(Self::Tags(tags));
            }
            rest = after.strip_prefix(',')?.trim_start();
        }
    }

    /// Whether it names a tag, whose weakness does not matter (section 8.8.3.2).
    pub(super) fn names(&self, tag: EntityTag<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|known| known.opaque == tag.opaque),
        }
    }
}

/// The tag at the beginning of a text, and the text after it.
fn take_tag(text: &str) -> Option<(EntityTag<'_>, &str)> {
    let (weak, quoted) = text
        .strip_prefix("W/")
        .map_or((false, text), |quoted| (true, quoted));
    let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
    let tag = EntityTag { weak, opaque };
    opaque
        .bytes()
        .all(|byte| byte.is_ascii_graphic())
        .then_some((tag, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_any_version_or_a_list_of_tags() {
        assert_eq!(TagCondition::parse(" * "), Some(TagCondition::Any));
        let tag = |weak, opaque| EntityTag { weak, opaque };
        let some = [
            ("\"7-ab\"", vec![tag(false, "7-ab")]),
            ("W/\"7\", \"\"", vec![tag(true, "7"), tag(false, "")]),
            ("\"a,b\",\"c\"", vec![tag(false, "a,b"), tag(false, "c")]),
        ];
        for (text, tags) in some {
            assert_eq!(
                TagCondition::parse(text),
                Some(TagCondition::Tags(tags)),
                "{text}"
            );
        }
        let long = format!("\"{}\"", "a".repeat(CONDITION_MAX));
        for wrong in [
            "",
            "7",
            "\"7",
            "7\"",
            "\"a b\"",
            "\"é\"",
            "\"7\",",
            "\"7\" \"8\"",
            "*, \"7\"",
            &long,
        ] {
            assert_eq!(TagCondition::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_weak_tag_names_the_same_version() {
        let strong = EntityTag {
            weak: false,
            opaque: "7-ab",
        };
        for same in ["\"7-ab\"", "W/\"7-ab\"", "\"6-cd\", \"7-ab\"", "*"] {
            assert!(TagCondition::parse(same).unwrap().names(strong), "{same}");
        }
        for other in ["\"7\"", "W/\"7-AB\"", "\"6-cd\", \"8-ab\""] {
            assert!(
                !TagCondition::parse(other).unwrap().names(strong),
                "{other}"
            );
        }
    }
}
