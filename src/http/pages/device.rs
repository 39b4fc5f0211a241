//! The name of a browser and its system, from its user agent.

use super::i18n::translate;
use crate::domain::language::Language;

/// Browsers by a word in their user agent. Most also contain the words of others, so the order
/// matters.
const BROWSERS: [(&str, &str); 9] = [
    ("SamsungBrowser/", "Samsung Internet"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
];

/// Such as "Chrome on Linux".
pub(super) fn device_name(user_agent: &str, language: Language) -> String {
    let find = |known: &[(&str, &'static str)]| {
        known
            .iter()
            .find(|(word, _)| user_agent.contains(word))
            .map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => translate("{} on {}", language)
            .replacen("{}", browser, 1)
            .replacen("{}", system, 1),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => translate("An unknown device", language).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named_as_people_name_them() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (user_agent, name) in [
            (
                format!("Mozilla/5.0 (X11; Linux x86_64) {webkit} Chrome/130.0 Safari/537.36"),
                "Chrome on Linux",
            ),
            (
                format!(
                    "Mozilla/5.0 (Windows NT 10.0) {webkit} Chrome/130.0 Safari/537.36 Edg/130"
                ),
                "Edge on Windows",
            ),
            (
                format!(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) {webkit} Version/17.0 \
                        Mobile/15E148 Safari/604.1"
                ),
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Android 14; Mobile; rv:131.0) Gecko/131.0 Firefox/131.0".to_owned(),
                "Firefox on Android",
            ),
            ("curl/8.0".to_owned(), "An unknown device"),
            (String::new(), "An unknown device"),
        ] {
            assert_eq!(device_name(&user_agent, Language::En), name, "{user_agent}");
        }
    }
}
