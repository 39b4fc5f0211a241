//! Email addresses: as people type and paste them, and as they are kept.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

use super::text::{TextError, is_invisible, normalise, tidy};

/// Maximum number of characters of an address.
const ADDRESS_MAX: usize = 254;
/// The most characters before the `@`, and between two dots after it.
const NAME_MAX: usize = 64;
const LABEL_MAX: usize = 63;

/// Parses and normalises an email address, so that each address identifies one person:
/// compatibility forms such as full-width letters become plain, upper case becomes lower case, and
/// the domain becomes its ASCII form (IDNA). What is pasted around an address is taken off:
/// invisible characters, `mailto:`, angle brackets with a name before them.
///
/// Normalised addresses are unchanged. Refuses addresses that no server accepts, with
/// [`TextError::NotAnEmail`] or the variant for the part that is wrong.
pub fn parse_email(text: &str) -> Result<String, TextError> {
    let tidied = tidy(text);
    let typed = bare_address(&tidied);
    if typed.contains(['(', ')', '[', ']']) {
        return Err(TextError::EmailBrackets);
    }
    if typed.matches('@').count() > 1 {
        return Err(TextError::EmailSigns);
    }
    let email = parse_kept_email(&typed)?;
    let (name, server) = email.split_once('@').ok_or(TextError::NotAnEmail)?;
    check_name(name)?;
    check_server(server)?;
    Ok(email)
}

/// Parses an address by the rules for those that are on record: one line, a name in ASCII, and a
/// domain with a dot. Fails with [`TextError::NotAnEmail`].
pub(super) fn parse_kept_email(text: &str) -> Result<String, TextError> {
    let text = normalise(text, ADDRESS_MAX, false)?;
    if text.chars().any(is_invisible) {
        return Err(TextError::NotAnEmail);
    }
    let text = text.nfkc().collect::<String>().to_lowercase();
    let (name, domain) = text.split_once('@').ok_or(TextError::NotAnEmail)?;
    let domain = idna::domain_to_ascii(domain).map_err(|_| TextError::NotAnEmail)?;
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    let fits = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_graphic() && !b",;<>\"@".contains(&byte))
    };
    let text = format!("{name}@{domain}");
    let known =
        !name.is_empty() && dotted && fits(name) && fits(&domain) && text.len() <= ADDRESS_MAX;
    if known {
        Ok(text)
    } else {
        Err(TextError::NotAnEmail)
    }
}

/// The address without the marks that were copied with it.
fn bare_address(text: &str) -> Cow<'_, str> {
    let mut bare = text.trim();
    if let Some((_, within)) = bare
        .strip_suffix('>')
        .and_then(|rest| rest.rsplit_once('<'))
    {
        bare = within.trim();
    }
    let scheme = "mailto:";
    if bare
        .get(..scheme.len())
        .is_some_and(|begins| begins.eq_ignore_ascii_case(scheme))
    {
        let address = &bare[scheme.len()..];
        bare = address.split('?').next().unwrap_or(address).trim();
    }
    bare = bare.trim_end_matches([',', ';', '.', ' ']);
    if bare.chars().any(is_invisible) {
        let visible = |letter: &char| letter.is_whitespace() || !is_invisible(*letter);
        Cow::Owned(bare.chars().filter(visible).collect())
    } else {
        Cow::Borrowed(bare)
    }
}

/// Checks the part before the `@`.
fn check_name(name: &str) -> Result<(), TextError> {
    if name.len() > NAME_MAX {
        return Err(TextError::EmailNameTooLong);
    }
    if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        return Err(TextError::EmailDots);
    }
    if name.contains([':', '\\']) {
        return Err(TextError::NotAnEmail);
    }
    Ok(())
}

/// Checks the part after the `@`: names of at most 63 characters without a hyphen at their ends, of
/// which the last is not a number.
fn check_server(server: &str) -> Result<(), TextError> {
    let is_label = |label: &str| {
        label.len() <= LABEL_MAX
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let last = server.rsplit('.').next().unwrap_or_default();
    if server.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err(TextError::EmailServer)
    }
}

/// The address without the parts that many mail servers ignore: a suffix after a plus sign, and
/// dots before the `@`. Two addresses with the same result may belong to one mailbox.
#[must_use]
pub fn mailbox_key(email: &str) -> String {
    let (name, domain) = email.split_once('@').unwrap_or((email, ""));
    let name = name.split('+').next().unwrap_or_default().replace('.', "");
    format!("{name}@{domain}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_stored_value_is_read_unchanged(
            text in "[ -~é\\u{200b}]{0,12}@[a-zA-Z.\\-é]{1,8}\\.[a-z]{2,3}[>,. ]{0,2}",
        ) {
            if let Ok(kept) = parse_email(&text) {
                prop_assert_eq!(parse_email(&kept), Ok(kept.clone()));
            }
        }
    }

    #[test]
    fn e_mail_addresses_are_kept_in_small_letters() {
        assert_eq!(
            parse_email(" Ada@Example.ORG "),
            Ok("ada@example.org".to_owned())
        );
        for text in [
            "ada",
            "@example.org",
            "ada@",
            "ada@org",
            "a b@example.org",
            "a@example..org",
            "a@example.org b",
            "\"a\r\n\"@example.org",
        ] {
            assert_eq!(parse_email(text), Err(TextError::NotAnEmail), "{text}");
        }
    }

    #[test]
    fn an_address_has_one_form_however_it_is_typed() {
        for text in [
            "ａｄａ@example.org",
            "ada@ｅｘａｍｐｌｅ.org",
            "ada@example\u{3002}org",
            "ADA@EXAMPLE.ORG",
            "ada@example.org\u{200b}",
            "ad\u{200b}a@example.org",
            "ada@ex\u{ad}ample.org",
            "ada@\u{202e}example.org",
            "\u{200f}ada@example.org",
            "\u{a0}ada@example.org\t",
            "mailto:ada@example.org",
            "MailTo:ada@example.org?subject=Soup",
            "<ada@example.org>",
            "Ada King <ada@example.org>",
            "<mailto:ada@example.org>",
            "ada@example.org.",
            "ada@example.org, ",
        ] {
            assert_eq!(
                parse_email(text),
                Ok("ada@example.org".to_owned()),
                "{text:?}"
            );
        }
        let (composed, apart) = (
            parse_email("ada@bücher.example"),
            parse_email("ada@bu\u{308}cher.example"),
        );
        assert_eq!(
            (composed.as_deref(), composed == apart),
            (Ok("ada@xn--bcher-kva.example"), true)
        );
        for text in ["\u{430}da@example.org", "józef@example.org"] {
            assert_eq!(parse_email(text), Err(TextError::NotAnEmail), "{text:?}");
        }
        // Addresses that are normalised already are unchanged, so stored ones are found.
        for text in [
            "a.d_a+x'y@mail-1.example.co.uk",
            "o'brien@example.org",
            "ann+grants@example.org",
            "o_o@a_b.example",
            "x@xn--bcher-kva.example",
        ] {
            assert_eq!(parse_email(text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn an_address_that_no_server_takes_is_refused_with_the_reason() {
        let long = format!("{}@example.org", "x".repeat(65));
        let long_label = format!("x@{}.org", "x".repeat(64));
        for (text, why) in [
            (".x@example.org", TextError::EmailDots),
            ("x.@example.org", TextError::EmailDots),
            ("x..y@example.org", TextError::EmailDots),
            ("x@-example.org", TextError::EmailServer),
            ("x@example-.org", TextError::EmailServer),
            ("x@192.0.2.1", TextError::EmailServer),
            ("x@exam!ple.org", TextError::EmailServer),
            (long_label.as_str(), TextError::EmailServer),
            (long.as_str(), TextError::EmailNameTooLong),
            ("x@y@example.org", TextError::EmailSigns),
            ("x@example.org, y@example.org", TextError::EmailSigns),
            ("x@example.org\r\nBcc: y@example.org", TextError::EmailSigns),
            ("(work) x@example.org", TextError::EmailBrackets),
            ("x@example.org (work)", TextError::EmailBrackets),
            ("x@[192.0.2.1]", TextError::EmailBrackets),
            ("http:x@example.org", TextError::NotAnEmail),
        ] {
            assert_eq!(parse_email(text), Err(why), "{text}");
        }
        let longest = format!("{}@example.org", "x".repeat(64));
        assert_eq!(parse_email(&longest), Ok(longest.clone()));
    }

    #[test]
    fn addresses_of_one_mailbox_resemble_each_other() {
        assert_eq!(
            mailbox_key("mor.gan+officer@example.org"),
            mailbox_key("morgan@example.org")
        );
        assert_ne!(
            mailbox_key("morgan@example.org"),
            mailbox_key("morgan@example.com")
        );
    }
}
