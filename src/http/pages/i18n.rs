//! Translations. The English texts for groups are in the templates and in the code; `texts/pl.json`
//! has their Polish translations.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::domain::language::Language;

static POLISH: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../texts/pl.json")).expect("the catalogue is whole")
});

/// A text in a language, or in English if there is no translation.
pub(super) fn translate(text: &str, language: Language) -> &str {
    match language {
        Language::En => text,
        Language::Pl => POLISH.get(text).map_or(text, String::as_str),
    }
}

/// A text with one placeholder, written `{}`.
pub(super) fn translate_with(text: &str, value: &str, language: Language) -> String {
    translate(text, language).replacen("{}", value, 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The code with each text on one line. A backslash at the end of a line continues a text.
    fn join_texts(code: &str) -> String {
        let mut parts = code.split("\\\n");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |joined, part| joined + part.trim_start())
    }

    /// Collects all texts that the templates and the code translate, and all texts in the code of
    /// pages for groups.
    fn collect_texts(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect_texts(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = join_texts(text.split("#[cfg(test)]").next().unwrap());
            // Lines are joined, because rustfmt may put an argument on its own line.
            let joined: String = code.lines().map(str::trim).collect();
            for opening in [".t(\"", ".t_with(\"", "translate(\"", "translate_with(\""] {
                found.extend(
                    joined
                        .split(opening)
                        .skip(1)
                        .filter_map(|rest| rest.split('"').next())
                        .map(str::to_owned),
                );
            }
            let for_groups = ["/apply/", "/my/", "/form_reader.rs", "/newcomer.rs"]
                .iter()
                .any(|room| path.display().to_string().contains(room));
            if for_groups && path.extension().is_some_and(|extension| extension == "rs") {
                let literals = code
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .flat_map(|line| line.split('"').skip(1).step_by(2));
                found.extend(
                    literals
                        .filter(|text| text.starts_with(char::is_uppercase))
                        .map(str::to_owned),
                );
            }
        }
    }

    #[test]
    fn the_catalogue_has_what_is_asked_for_and_nothing_else() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut asked = BTreeSet::new();
        collect_texts(&root.join("templates"), &mut asked);
        collect_texts(&root.join("src/http/pages"), &mut asked);
        let framework = crate::demo::DemoProgramme::read(None).unwrap();
        asked.extend(framework.sign_texts());
        asked.retain(|text| !text.is_empty() && text != ", ");
        let known: BTreeSet<String> = POLISH.keys().cloned().collect();
        let missing: Vec<_> = asked.difference(&known).collect();
        assert!(missing.is_empty(), "not translated: {missing:#?}");
        let unused: Vec<_> = known.difference(&asked).collect();
        assert!(unused.is_empty(), "translated and not used: {unused:#?}");
    }

    #[test]
    fn both_have_the_same_places_to_fill_in() {
        for (english, polish) in POLISH.iter() {
            assert_eq!(
                english.matches("{}").count(),
                polish.matches("{}").count(),
                "{english}"
            );
        }
    }
}
