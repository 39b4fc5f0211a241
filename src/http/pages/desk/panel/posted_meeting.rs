//! A meeting as it was entered in the form: the choices, their totals, and the command that records
//! them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{PanelLine, PanelRound};
use crate::commands::CommandError;
use crate::domain::application::ApplicationState;
use crate::domain::panel::Decision;
use crate::domain::{Command, FundCommand, FundId, Money, PersonId, Refusal};
use crate::http::pages::FormData;
use crate::http::pages::apply::parse_amount;
use crate::http::pages::words::names_in_words;

/// The choices of a decision: the value of the form, the label, and what the panel decides.
pub(super) const CHOICES: [(&str, &str, Decision); 4] = [
    ("award", "Award", Decision::Award),
    ("reserve", "Reserve", Decision::Reserve),
    ("later", "Later", Decision::Defer),
    ("no", "No", Decision::Decline),
];

/// The totals of the chosen decisions.
#[derive(Default)]
pub(super) struct MeetingSums {
    pub(super) awards: usize,
    pub(super) awarded: Money,
    pub(super) reserves: usize,
    pub(super) later: usize,
    pub(super) no: usize,
    pub(super) left: Money,
    /// By how much the awards exceed the money, if they do.
    pub(super) over: Option<Money>,
}

impl MeetingSums {
    /// Adds up the choice and the amount of each application.
    pub(super) fn of<'a>(
        chosen: impl Iterator<Item = (&'a str, Option<Money>)>,
        available: Money,
    ) -> Self {
        let mut sums = Self::default();
        for (choice, amount) in chosen {
            match choice {
                "award" => {
                    sums.awards += 1;
                    sums.awarded = sums.awarded.plus(amount.unwrap_or_default());
                }
                "reserve" => sums.reserves += 1,
                "later" => sums.later += 1,
                "no" => sums.no += 1,
                _ => {}
            }
        }
        sums.left = available.minus(sums.awarded).unwrap_or_default();
        sums.over = sums
            .awarded
            .minus(available)
            .ok()
            .filter(|over| !over.is_zero());
        sums
    }

    pub(super) fn decisions(&self) -> usize {
        self.awards + self.reserves + self.later + self.no
    }

    /// The awards as a part of the money, in percent, at most all of it.
    pub(super) fn percent(&self) -> i64 {
        let all = self.awarded.plus(self.left).pence();
        (self.awarded.pence() * 100)
            .checked_div(all)
            .unwrap_or_default()
    }
}

/// An award of an application on the reserve list promotes it.
pub(super) fn award_or_promote(decision: Decision, state: ApplicationState) -> Decision {
    match (decision, state) {
        (Decision::Award, ApplicationState::ReserveList) => Decision::Promote,
        (decision, _) => decision,
    }
}

/// A meeting as it was entered in the form.
pub(super) struct PostedMeeting {
    /// The command, if it could be read.
    pub(super) command: Option<Command>,
    pub(super) chosen: Vec<ChosenDecision>,
    /// Everything that is missing or wrong, by field.
    pub(super) wrong: Vec<(String, String)>,
}

/// The decision on one application, by its index in the round.
pub(super) struct ChosenDecision {
    pub(super) at: usize,
    pub(super) choice: &'static str,
    pub(super) amount: Option<Money>,
    /// What the group reads.
    pub(super) message: String,
    pub(super) title: String,
}

impl PostedMeeting {
    pub(super) fn read(of: &PanelRound, posted: &FormData) -> Self {
        let mut read = Self {
            command: None,
            chosen: Vec::new(),
            wrong: Vec::new(),
        };
        let present: Vec<_> = posted.all("present").collect();
        let mut ranks = free_ranks(of, posted);
        let mut decisions = Vec::new();
        for (at, line) in of.lines.iter().enumerate().filter(|(_, line)| line.open) {
            let field = |name: &str| posted.text(&format!("{name}-{}", line.row.id)).to_owned();
            let verdict = field("verdict");
            let Some((choice, _, decision)) = CHOICES.iter().find(|(key, ..)| *key == verdict)
            else {
                continue;
            };
            let decision = award_or_promote(*decision, line.row.state);
            let missing = missing_in(line, decision, &field).into_iter();
            read.wrong.extend(missing.map(|(field, missing)| {
                let name = format!("{field}-{}", line.row.id);
                (name, format!("{}: {missing}", line.group))
            }));
            let verdict = verdict_json(posted, decision, &field, &present, &mut ranks);
            let decided = json!({ "application": line.row.id, "verdict": verdict });
            if read.wrong.is_empty() && !is_readable(&decided) {
                let says = format!("{}: one of the texts is empty or too long", line.group);
                read.wrong.push((format!("verdict-{}", line.row.id), says));
            }
            decisions.push(decided);
            read.chosen.push(ChosenDecision {
                at,
                choice,
                amount: parse_amount(&field("amount")),
                message: field("message"),
                title: field("title"),
            });
        }
        read.wrong.extend(wrong_days(posted));
        if read.chosen.is_empty() {
            let says = "Choose a decision for at least one application";
            read.wrong.push((String::new(), says.to_owned()));
        }
        let letters_on = Some(posted.text("letters_on")).filter(|day| !day.is_empty());
        let body = json!({
            "round": of.key,
            "met_on": posted.text("met_on"),
            "letters_on": letters_on,
            "decisions": decisions,
        });
        if let (true, Some(Ok(command))) = (
            read.wrong.is_empty(),
            FundCommand::read("record-meeting", body),
        ) {
            read.command = Some(Command::Fund(FundId(of.fund.id), command));
        }
        read
    }

    pub(super) fn sums(&self, available: Money) -> MeetingSums {
        let chosen = self.chosen.iter().map(|one| (one.choice, one.amount));
        MeetingSums::of(chosen, available)
    }
}

/// What is missing in the fields of a decision, by the name of the field.
fn missing_in(
    line: &PanelLine,
    decision: Decision,
    field: &impl Fn(&str) -> String,
) -> Vec<(&'static str, &'static str)> {
    let mut missing = Vec::new();
    match decision {
        Decision::Award | Decision::Promote => {
            let amount = parse_amount(&field("amount"));
            if amount.is_none() {
                missing.push(("amount", "enter the amount in pounds, such as 850"));
            } else if amount != line.row.requested && field("reason").is_empty() {
                missing.push(("reason", "say why it is not the amount they asked for"));
            }
            if field("title").is_empty() {
                missing.push(("title", "write a public title"));
            }
            if field("description").is_empty() {
                missing.push(("description", "write a public description"));
            }
        }
        Decision::Decline | Decision::Defer | Decision::Reserve => {
            if field("reason").is_empty() {
                missing.push(("reason", "say why, for our records"));
            }
            if field("message").is_empty() {
                missing.push(("message", "write what you want to tell the group"));
            }
        }
    }
    missing
}

/// Whether the command can read a decision.
fn is_readable(decided: &Value) -> bool {
    let alone = json!({ "round": "any", "met_on": "2026-01-01", "decisions": [decided] });
    // Days are checked separately, so that a wrong day is reported once and not for each
    // application.
    let mut alone = alone;
    for verdict in ["award", "promote"] {
        if let Some(award) = alone["decisions"][0]["verdict"].get_mut(verdict) {
            award["ends_on"] = json!("2026-01-01");
            award["update_due_on"] = json!("2026-01-01");
        }
    }
    matches!(FundCommand::read("record-meeting", alone), Some(Ok(_)))
}

fn wrong_days(posted: &FormData) -> Vec<(String, String)> {
    let awards = posted
        .pairs()
        .iter()
        .any(|(name, value)| name.starts_with("verdict-") && value == "award");
    [
        ("met_on", "Enter the day the panel met", true),
        ("letters_on", "Enter the day the letters go out", false),
        ("ends_on", "Enter the last day of the activities", awards),
        (
            "update_due_on",
            "Enter the last day for final reports",
            awards,
        ),
    ]
    .into_iter()
    .filter(|(name, _, needed)| {
        let text = posted.text(name);
        (*needed || !text.is_empty()) && text.parse::<Date>().is_err()
    })
    .map(|(name, says, _)| (name.to_owned(), says.to_owned()))
    .collect()
}

/// The free ranks of the reserve list, the best first: neither taken before nor entered in the
/// form.
fn free_ranks(of: &PanelRound, posted: &FormData) -> impl Iterator<Item = u16> + use<> {
    let typed = posted
        .pairs()
        .iter()
        .filter(|(name, _)| name.starts_with("rank-"))
        .filter_map(|(_, value)| value.trim().parse().ok());
    let taken: BTreeSet<u16> = of.round.reserves.keys().copied().chain(typed).collect();
    (1..=u16::MAX).filter(move |rank| !taken.contains(rank))
}

/// The verdict as JSON of the command.
fn verdict_json(
    posted: &FormData,
    decision: Decision,
    field: &impl Fn(&str) -> String,
    present: &[&str],
    ranks: &mut impl Iterator<Item = u16>,
) -> Value {
    let filled = |name: &str| Some(field(name)).filter(|text| !text.is_empty());
    let body = match decision {
        Decision::Award | Decision::Promote => json!({
            "amount": parse_amount(&field("amount")).map(String::from),
            "reason": filled("reason"),
            "present": present,
            "ends_on": posted.text("ends_on"),
            "update_due_on": posted.text("update_due_on"),
            "summary": { "title": field("title"), "description": field("description") },
        }),
        Decision::Decline => json!({
            "reason": field("reason"),
            "feedback": field("message"),
            "present": present,
        }),
        Decision::Defer => json!({
            "reason": field("reason"),
            "message": filled("message"),
            "present": present,
        }),
        Decision::Reserve => json!({
            "rank": filled("rank").and_then(|rank| rank.parse().ok()).or_else(|| ranks.next()),
            "reason": field("reason"),
            "message": filled("message"),
            "present": present,
        }),
    };
    json!({ <&str>::from(decision): body })
}

/// Those who were at a meeting as it was entered: the ticked people and the reader.
pub(super) fn people_present(posted: &FormData, reader: PersonId) -> BTreeSet<PersonId> {
    let ticked = posted
        .all("present")
        .filter_map(|id| id.parse::<Uuid>().ok())
        .map(PersonId);
    ticked.chain([reader]).collect()
}

/// Who of those present has not said if they have a conflict of interest. `None` if all have.
fn undeclared_text(line: &PanelLine, present: &BTreeSet<PersonId>) -> Option<String> {
    let missing: Vec<String> = line
        .undeclared
        .iter()
        .filter(|(person, _)| present.contains(person))
        .map(|(_, name)| name.clone())
        .collect();
    let have = match missing.len() {
        0 => return None,
        1 => "has",
        _ => "have",
    };
    let names = names_in_words(&missing, "and");
    Some(format!(
        "{names} {have} not said yet if they have a conflict of interest. They say so on the \
            application’s page."
    ))
}

/// The errors of a meeting that was refused: every refused application by the name of its group.
/// `None` if it failed otherwise.
pub(super) fn refused(
    of: &PanelRound,
    error: &CommandError,
    present: &BTreeSet<PersonId>,
) -> Option<Vec<(String, String)>> {
    let says = |refusal: &Refusal| format!("{refusal}. {}", refusal.advice());
    match error {
        CommandError::Refused(refusal) => Some(vec![(String::new(), says(refusal))]),
        CommandError::RefusedFor(records) => {
            let mut wrong = Vec::new();
            let mut too_few: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for record in records {
                let line = of.lines.iter().find(|line| line.row.id == record.id);
                let group = line.map_or("An application", |line| line.group.as_str());
                let says = line
                    .filter(|_| matches!(record.refusal, Refusal::NotDeclared))
                    .and_then(|line| undeclared_text(line, present))
                    .unwrap_or_else(|| says(&record.refusal));
                if matches!(record.refusal, Refusal::QuorumMissing { .. }) {
                    too_few.entry(says).or_default().push(group.to_owned());
                } else {
                    let name = format!("verdict-{}", record.id);
                    wrong.push((name, format!("{group}: {says}")));
                }
            }
            // Who was present is one field for all applications.
            wrong.extend(too_few.into_iter().map(|(says, groups)| {
                let groups = names_in_words(&groups, "and");
                ("present".to_owned(), format!("{groups}: {says}"))
            }));
            Some(wrong)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_counts_awards_only() {
        let pounds = |pounds| Some(Money::from_pounds(pounds));
        let chosen = [
            ("award", pounds(700)),
            ("no", pounds(500)),
            ("award", pounds(400)),
        ];
        let sums = MeetingSums::of(chosen.into_iter(), Money::from_pounds(1000));
        assert_eq!((sums.awards, sums.no, sums.decisions()), (2, 1, 3));
        assert_eq!(sums.over, pounds(100));
        assert_eq!(sums.percent(), 100);
    }
}
