//! The table of rules as a document: `docs/rules.md`, and `audit rules`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use strum::{EnumMessage as _, IntoEnumIterator as _};

use super::FormRule;
use crate::domain::{Ground, Refusal, Rule, RuleSubject};

const INTRODUCTION: &str = "# Rules

<!-- Made by `microgrants audit rules`. Do not edit. -->

Every rule that the service keeps, once. A command that would break a rule is refused, with the
codes named here. `audit verify` replays the log, and names a broken rule by its heading. The
events of a rule are those that can break it. [The events](events.md) have their fields, and [the
format](reference/log-format.md) says how a log is stored and signed.

A *record* is one fund, group, application and so on. *Before* means at an earlier position of the
log. The actor is the person in the metadata who gave the command. A rule is checked only where the
event has the fields that it needs: earlier programs did not write all of them.

Earlier programs did not keep all of these rules. `contact-by-two`, `message-passed-on`,
`unconnected`, `payment-waits`, `revocation-by-panel`, what an offer asks for, and how much is asked
back are checked from the first event that these programs did not write:
[`fields-complete`](#fields-complete) says which that is. `audit verify` says for how many events it
did not check a rule in full for that reason.
";

/// The table of rules in Markdown.
#[must_use]
pub fn rules_markdown() -> String {
    let refusals = refusals_by_rule();
    let mut text = INTRODUCTION.to_owned();
    for subject in RuleSubject::iter() {
        let _ = writeln!(text, "\n## {}", subject.heading());
        for rule in Rule::iter().filter(|rule| rule.subject() == subject) {
            describe_rule(
                &mut text,
                rule,
                refusals.get(&rule).map_or(&[], Vec::as_slice),
            );
        }
    }
    describe_form(&mut text);
    describe_unchecked(&mut text);
    text
}

fn describe_rule(text: &mut String, rule: Rule, refusals: &[Refusal]) {
    let name: &str = rule.into();
    let events = match rule.events() {
        ["*"] => "every event".to_owned(),
        events => join(events.iter().map(|event| format!("`{event}`"))),
    };
    let _ = writeln!(
        text,
        "\n### `{name}`\n\n{}\n\n- Events: {events}.",
        rule.sentence()
    );
    if !refusals.is_empty() {
        let codes = join(
            refusals
                .iter()
                .map(|refusal| format!("`{}`", refusal.code())),
        );
        let _ = writeln!(text, "- Refused with: {codes}.");
    }
}

fn describe_form(text: &mut String) {
    text.push_str(
        "\n## The format of a folder\n\nNo command is refused for these: the program writes the \
         files so.\n\n| Rule | Holds when |\n| --- | --- |\n",
    );
    for rule in FormRule::iter() {
        let name: &str = rule.into();
        let _ = writeln!(
            text,
            "| `{name}` | {} |",
            rule.get_message().unwrap_or_default()
        );
    }
}

fn describe_unchecked(text: &mut String) {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for refusal in Refusal::iter() {
        if let Ground::NotChecked(reason) = refusal.ground() {
            reasons.entry(reason).or_default().push(refusal.code());
        }
    }
    text.push_str("\n## What a log does not show\n\n`audit verify` does not look for these.\n\n");
    text.push_str("| Refused with | Why not |\n| --- | --- |\n");
    for (reason, codes) in reasons {
        let codes = join(codes.iter().map(|code| format!("`{code}`")));
        let _ = writeln!(text, "| {codes} | {reason} |");
    }
}

fn refusals_by_rule() -> BTreeMap<Rule, Vec<Refusal>> {
    let mut by_rule: BTreeMap<Rule, Vec<Refusal>> = BTreeMap::new();
    for refusal in Refusal::iter() {
        if let Ground::Checked(rules) = refusal.ground() {
            for rule in rules {
                by_rule.entry(*rule).or_default().push(refusal.clone());
            }
        }
    }
    by_rule
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    /// Made anew with `microgrants audit rules >docs/rules.md`.
    #[test]
    fn the_document_has_the_table() {
        let stored = include_str!("../../docs/rules.md");
        assert_eq!(stored, super::rules_markdown());
    }
}
