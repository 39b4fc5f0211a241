//! The content of a statement: the money between two days, each grant with its outcome so far, and
//! for a funder the outcomes of the funds that have its money. The office reads it at the desk. A
//! funder reads it at a link, without the transactions and without the names of groups that have
//! not accepted their offer.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::PageError;
use super::charts::{DaySelection, FEW_REPORTS, OutcomeBar, outcome_bars, totals_query};
use super::days::short_day;
use super::desk::rows_by_id;
use super::public::order_by_sign;
use super::theme_names::ThemeNames;
use super::words::{Tagged as _, place_name, sum_word};
use crate::clock::day_of;
use crate::domain::grant::GrantState;
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::domain::{Money, thousands};
use crate::http::AppState;
use crate::mail::format_day;
use crate::projections::{FundRow, GrantRow, OrganisationRow};
use crate::views::{
    Balances, CostPerPerson, GroupBy, OutcomeLine, Statement, StatementLine, StatementSubject, Sums,
};

/// Who reads a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetReader {
    Office,
    Funder,
}

/// The content of a statement, for `parts/statement.html`.
pub struct StatementSheet {
    /// The words before the name: whose money the statement is about.
    pub kind: &'static str,
    pub name: String,
    /// What became of the money, in a few sentences.
    pub lead: String,
    /// The days of the statement, and its last day, in words.
    pub days: String,
    pub last_day: String,
    pub until_position: i64,
    /// The change of each figure in these days, and what is left to award.
    pub figures: [(&'static str, String); 6],
    pub balances: [(&'static str, Balances); 2],
    pub grants: Vec<GrantLine>,
    /// Awards that were made and came to an end in these days, without a payment.
    pub ended: usize,
    /// What the grants of the statement achieved together.
    pub achieved: String,
    /// What each person who came cost, in words; empty until a report says that someone came.
    pub cost: String,
    pub movements: Vec<MoneyRow>,
    /// The outcomes of each fund that has the funder's money.
    pub outcomes: Vec<(String, Vec<OutcomeBar>)>,
    /// Whether the names of grants lead to their pages.
    pub linked: bool,
}

/// The sums of a grant in the period, in pence.
pub struct GrantLine {
    pub id: String,
    /// The day of its first movement in the period.
    pub since: String,
    pub group: String,
    pub purpose: String,
    pub area: String,
    /// The name of its theme; empty if it has none.
    pub theme: String,
    pub awarded: i64,
    pub sent: i64,
    pub confirmed: i64,
    pub returned: i64,
    /// How many people came and helped, by the grant's reports. Without a report, how far the grant
    /// is.
    pub so_far: String,
}

/// A movement, with the grant or funder that it is about.
pub struct MoneyRow {
    pub day: String,
    pub what: &'static str,
    pub change: String,
    pub about: String,
    pub grant: Option<String>,
}

impl StatementSheet {
    /// The statement of a fund or funder between two days.
    pub async fn load(
        app: &AppState,
        of: StatementSubject<'_>,
        name: String,
        (from, until): (Date, Date),
        reader: SheetReader,
    ) -> Result<Self, PageError> {
        let statement = app.views.statement(of, from, until).await?;
        let today = day_of(app.commands.now());
        let rows = grants_of(app, &statement).await?;
        let people = people_by_grant(app, &statement).await?;
        let themes = ThemeNames::load(app).await?;
        let groups = rows.values().map(|row| row.group.to_string());
        let names = app.views.names_of_groups(groups.collect()).await?;
        let lines = |row: Option<&GrantRow>, id: &str| {
            let known = people.get(id).copied().unwrap_or_default();
            describe(row, (&names, &themes), known, (reader, today))
        };
        let mut grants = grant_lines(&statement, &rows, lines, today);
        let all = grants.len();
        grants.retain(|line| {
            (line.awarded, line.sent, line.confirmed, line.returned) != (0, 0, 0, 0)
        });
        let achieved = People::of_grants(&people, rows.keys()).in_words();
        let (movements, outcomes) = match (reader, of) {
            (SheetReader::Office, StatementSubject::Fund(_)) => {
                (movements(&statement, &rows, today), Vec::new())
            }
            (SheetReader::Office, StatementSubject::Funder(funder)) => (
                movements(&statement, &rows, today),
                outcomes_of_funds(app, funder, until).await?,
            ),
            (SheetReader::Funder, StatementSubject::Funder(funder)) => {
                (Vec::new(), outcomes_of_funds(app, funder, until).await?)
            }
            (SheetReader::Funder, StatementSubject::Fund(_)) => (Vec::new(), Vec::new()),
        };
        Ok(Self {
            kind: match of {
                StatementSubject::Fund(_) => "Statement of the fund",
                StatementSubject::Funder(_) => "Statement to the funder",
            },
            name,
            lead: lead(of, &statement, &achieved),
            days: format!("{} to {}", in_words(from), in_words(until)),
            last_day: in_words(until),
            until_position: statement.until_position,
            figures: figures(&statement),
            balances: [
                ("Before", statement.opening),
                ("At the end", statement.closing),
            ],
            ended: all - grants.len(),
            grants,
            achieved,
            cost: cost_in_words(cost_of(app, &statement).await?),
            movements,
            outcomes,
            linked: reader == SheetReader::Office,
        })
    }

    /// The sums of all grants.
    pub fn totals(&self) -> &[(&'static str, String)] {
        &self.figures[1..5]
    }

    /// A change in words: "£1,250", or with a minus if the figure fell; empty for none.
    #[expect(
        clippy::unused_self,
        reason = "templates reach everything through the sheet"
    )]
    pub fn change(&self, pence: impl std::borrow::Borrow<i64>) -> String {
        match *pence.borrow() {
            0 => String::new(),
            pence => signed(pence),
        }
    }
}

/// A day in the language of statements.
fn in_words(day: Date) -> String {
    format_day(day, Language::En)
}

/// An amount in pence, with a minus if it is negative.
pub(super) fn signed(pence: i64) -> String {
    let sign = if pence < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", Money::from_pence(pence.unsigned_abs()))
}

fn figures(statement: &Statement) -> [(&'static str, String); 6] {
    let (opening, closing) = (&statement.opening, &statement.closing);
    let change = |of: fn(&Balances) -> Money| signed(of(closing).pence() - of(opening).pence());
    [
        (sum_word("allocated"), change(|sums| sums.allocated)),
        (sum_word("awarded"), change(|sums| sums.awarded)),
        (sum_word("sent"), change(|sums| sums.sent)),
        (sum_word("confirmed"), change(|sums| sums.confirmed)),
        (sum_word("returned"), change(|sums| sums.returned)),
        (sum_word("uncommitted"), closing.uncommitted.to_string()),
    ]
}

/// What became of the money by the end of a statement.
fn lead(of: StatementSubject<'_>, statement: &Statement, achieved: &str) -> String {
    let sums = &statement.closing;
    let day = in_words(statement.until);
    let came = match of {
        StatementSubject::Fund(_) => format!("{} had come from funders", sums.allocated),
        StatementSubject::Funder(_) => format!("you had given us {}", sums.allocated),
    };
    let so_far = match achieved {
        "" => String::new(),
        achieved => format!(" So far: {achieved}."),
    };
    format!(
        "By {day}, {came}. Of this, {} had been awarded to groups, and {} had been paid to them, \
         less what they returned. {} was left to award.{so_far}",
        sums.awarded, sums.paid_net, sums.uncommitted,
    )
}

/// Who came and who helped, according to accepted reports.
#[derive(Clone, Copy, Default)]
struct People {
    came: i64,
    helped: i64,
}

impl People {
    fn of_grants<'a>(
        people: &BTreeMap<String, Self>,
        grants: impl Iterator<Item = &'a String>,
    ) -> Self {
        let known = grants.filter_map(|grant| people.get(grant));
        known.fold(Self::default(), |sum, of| Self {
            came: sum.came + of.came,
            helped: sum.helped + of.helped,
        })
    }

    /// "24 people came, 5 helped"; empty for nobody.
    fn in_words(self) -> String {
        let came = match self.came {
            0 => None,
            1 => Some("1 person came".to_owned()),
            came => Some(format!("{} people came", thousands(came))),
        };
        let helped = (self.helped > 0).then(|| format!("{} helped", thousands(self.helped)));
        let parts: Vec<String> = came.into_iter().chain(helped).collect();
        parts.join(", ")
    }
}

/// The details of a grant on its line.
struct GrantWords {
    group: String,
    purpose: String,
    area: String,
    theme: String,
    so_far: String,
}

fn describe(
    row: Option<&GrantRow>,
    (names, themes): (&BTreeMap<String, String>, &ThemeNames),
    people: People,
    (reader, today): (SheetReader, Date),
) -> GrantWords {
    let Some(row) = row else {
        return GrantWords {
            group: String::new(),
            purpose: String::new(),
            area: String::new(),
            theme: String::new(),
            so_far: String::new(),
        };
    };
    let shows = reader == SheetReader::Office || is_accepted(row.state);
    let group = match names.get(&row.group.to_string()) {
        Some(name) if shows => name.clone(),
        _ => "A group that has not accepted its offer".to_owned(),
    };
    GrantWords {
        group,
        purpose: if shows {
            row.title.clone()
        } else {
            String::new()
        },
        area: place_name(row.area.as_str()),
        theme: themes.name(row.theme.as_ref().map_or("", Slug::as_str), Language::En),
        so_far: so_far(row, people, today),
    }
}

/// Whether the group has accepted the grant, so that it is public.
fn is_accepted(state: GrantState) -> bool {
    use GrantState as S;
    matches!(
        state,
        S::Accepted | S::Live | S::Reported | S::Closed | S::Terminated
    )
}

/// How many people came and helped. Before the first accepted report, how far the grant is.
fn so_far(row: &GrantRow, people: People, today: Date) -> String {
    let words = people.in_words();
    if !words.is_empty() {
        return words;
    }
    match row.state {
        GrantState::Live if row.ends_on >= today => {
            format!("Runs until {}", short_day(row.ends_on, today))
        }
        GrantState::Live => format!("Final report due {}", short_day(row.update_due_on, today)),
        state => state.word().to_owned(),
    }
}

/// The grants in a statement, by id.
async fn grants_of(
    app: &AppState,
    statement: &Statement,
) -> Result<BTreeMap<String, GrantRow>, PageError> {
    let ids: BTreeSet<&String> = statement
        .lines
        .iter()
        .filter_map(|line| line.grant.as_ref())
        .collect();
    let rows: Vec<GrantRow> = rows_by_id(app, ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.to_string(), row))
        .collect())
}

/// The people of each grant, by its id, up to the end of a statement.
async fn people_by_grant(
    app: &AppState,
    statement: &Statement,
) -> Result<BTreeMap<String, People>, PageError> {
    let lines = app.views.outcome_lines(sums_by_grant(statement)).await?;
    let people = |line: OutcomeLine| {
        let people = People {
            came: line.people,
            helped: line.volunteers,
        };
        (line.of, people)
    };
    Ok(lines.into_iter().map(people).collect())
}

/// The cost for each person over the grants of a statement, up to its end. All funders of a grant
/// count, because the people are not divided among them.
pub(super) async fn cost_of(
    app: &AppState,
    statement: &Statement,
) -> Result<CostPerPerson, PageError> {
    let lines = statement.lines.iter();
    let grants: BTreeSet<&str> = lines.filter_map(|line| line.grant.as_deref()).collect();
    let cost = app
        .views
        .cost_per_person(sums_by_grant(statement), |grant| grants.contains(grant))
        .await?;
    Ok(cost)
}

/// A query for the sums of each grant up to the end of a statement.
fn sums_by_grant(statement: &Statement) -> Sums<'static> {
    Sums {
        by: GroupBy::Grant,
        fund: None,
        area: None,
        position: statement.until_position,
        effective_on: None,
    }
}

/// The cost for each person, and what it is computed from.
fn cost_in_words(cost: CostPerPerson) -> String {
    let Some(each) = cost.per_person else {
        return String::new();
    };
    let grants = match cost.grants {
        1 => "1 grant".to_owned(),
        grants => format!("{} grants", thousands(grants)),
    };
    let came = People {
        came: cost.people,
        helped: 0,
    };
    let few = if cost.grants < FEW_REPORTS {
        " With so few, small differences mean little."
    } else {
        ""
    };
    format!(
        "Cost for each person who came: {each}. This counts {grants} with a report: {} was paid \
         by all funders, and {}.{few}",
        cost.paid_net,
        came.in_words(),
    )
}

/// One line for each grant in a statement, in the order of their first movements.
fn grant_lines(
    statement: &Statement,
    rows: &BTreeMap<String, GrantRow>,
    describe: impl Fn(Option<&GrantRow>, &str) -> GrantWords,
    today: Date,
) -> Vec<GrantLine> {
    let mut lines: Vec<GrantLine> = Vec::new();
    for line in &statement.lines {
        let Some(id) = &line.grant else { continue };
        let at = lines.iter().position(|known| known.id == *id);
        let at = at.unwrap_or_else(|| {
            let words = describe(rows.get(id), id);
            lines.push(GrantLine {
                id: id.clone(),
                since: short(&line.recorded_on, today),
                group: words.group,
                purpose: words.purpose,
                area: words.area,
                theme: words.theme,
                awarded: 0,
                sent: 0,
                confirmed: 0,
                returned: 0,
                so_far: words.so_far,
            });
            lines.len() - 1
        });
        let known = &mut lines[at];
        match line.sum.as_str() {
            "committed" => known.awarded += line.pence,
            "sent" => known.sent += line.pence,
            "confirmed" => known.confirmed += line.pence,
            "returned" => {
                // What comes back is no longer committed. It stays awarded.
                known.awarded += line.pence;
                known.returned += line.pence;
            }
            _ => {}
        }
    }
    lines
}

fn movements(
    statement: &Statement,
    grants: &BTreeMap<String, GrantRow>,
    today: Date,
) -> Vec<MoneyRow> {
    let movement = |line: &StatementLine| MoneyRow {
        day: short(&line.recorded_on, today),
        what: sum_word(&line.sum),
        change: line.change(),
        about: line
            .grant
            .as_ref()
            .and_then(|grant| grants.get(grant))
            .map(|row| row.title.clone())
            .or_else(|| line.funder.as_deref().map(place_name))
            .unwrap_or_default(),
        grant: line.grant.clone(),
    };
    statement.lines.iter().map(movement).collect()
}

/// A stored day as tables show it.
fn short(day: &str, today: Date) -> String {
    day.parse()
        .map_or_else(|_| day.to_owned(), |day| short_day(day, today))
}

/// The outcomes of each fund that has a funder's money, as at a day.
async fn outcomes_of_funds(
    app: &AppState,
    funder: &str,
    until: Date,
) -> Result<Vec<(String, Vec<OutcomeBar>)>, PageError> {
    let views = &app.views;
    let days = DaySelection::from_query(app, &until.to_string(), "").await?;
    let own: Option<OrganisationRow> = views.find(app.commands.organisation(), None).await?;
    let signs = own.map(|own| own.signs).unwrap_or_default();
    let funds: Vec<FundRow> = views.all_rows(None, Vec::new()).await?;
    let mut outcomes = Vec::new();
    for fund in funds {
        let key = fund.id.to_string();
        let shares = views
            .budget(totals_query(GroupBy::Funder, Some(&key), None, &days))
            .await?
            .lines;
        if shares.iter().any(|line| line.of == funder) {
            let lines = views
                .outcome_lines(totals_query(GroupBy::Sign, Some(&key), None, &days))
                .await?;
            outcomes.push((fund.name, outcome_bars(order_by_sign(&signs, lines))));
        }
    }
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_counted_in_words() {
        let words = |came, helped| People { came, helped }.in_words();
        assert_eq!(words(24, 5), "24 people came, 5 helped");
        assert_eq!(words(1, 0), "1 person came");
        assert_eq!(words(0, 3), "3 helped");
        assert_eq!(words(0, 0), "");
    }

    #[test]
    fn a_cost_says_what_it_is_computed_from() {
        let cost = |grants, each| CostPerPerson {
            grants,
            people: 40,
            paid_net: Money::from_pounds(900),
            per_person: each,
        };
        let each = Some(Money::from_pence(2250));
        assert_eq!(
            cost_in_words(cost(1, each)),
            "Cost for each person who came: £22.50. This counts 1 grant with a report: £900 was \
             paid by all funders, and 40 people came. With so few, small differences mean little."
        );
        assert!(cost_in_words(cost(FEW_REPORTS, each)).ends_with("40 people came."));
        assert_eq!(cost_in_words(cost(1, None)), "");
    }
}
