//! The look of the organisation's mails: the colour of its buttons, and its logo.

use super::Composer;
use crate::domain::organisation::Accent;
use crate::projections::OrganisationRow;

/// The colour of buttons where the organisation has none of its own: `--accent` of the stylesheet.
const DEFAULT_ACCENT: &str = "#5b2a86";

/// The look of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Colour of the button, on which white words can be read.
    pub(super) accent: String,
    /// Address of the logo; empty without one. It is the same in every mail, so that the picture
    /// does not say who opened which mail.
    pub(super) logo: String,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            accent: DEFAULT_ACCENT.to_owned(),
            logo: String::new(),
        }
    }
}

impl Composer {
    /// The look of an organisation's mails, as its pages have it. A colour that is too pale for
    /// white words is not used: an old log may have one.
    pub(super) fn look_of(&self, organisation: &OrganisationRow) -> Look {
        let Some(settings) = &organisation.settings else {
            return Look::default();
        };
        let logo = settings.values.logo.as_ref();
        Look {
            accent: readable_or_default(settings.values.accent.as_ref()),
            logo: logo.map_or_else(String::new, |logo| {
                format!("{}/assets/logo-{}", self.address, logo.short())
            }),
        }
    }
}

fn readable_or_default(accent: Option<&Accent>) -> String {
    accent
        .filter(|accent| accent.must_be_readable().is_ok())
        .map_or_else(|| DEFAULT_ACCENT.to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_has_the_accent_unless_white_words_cannot_be_read_on_it() {
        let of = |accent: &str| readable_or_default(Some(&accent.parse().unwrap()));
        assert_eq!(of("#0F6B66"), "#0f6b66");
        assert_eq!(of("#ffd400"), DEFAULT_ACCENT);
        assert_eq!(readable_or_default(None), DEFAULT_ACCENT);
    }
}
