//! What is set up, read from the log and the read models.

use super::super::DeskRequest;
use super::super::texts::organisation;
use crate::domain::fund::RoundState;
use crate::domain::language::{Language, day_text};
use crate::domain::organisation::Question;
use crate::domain::{Organisation, Person, PersonId, Role};
use crate::http::pages::PageError;
use crate::http::pages::charts::{DaySelection, totals_query};
use crate::http::pages::site::SiteDetails;
use crate::projections::{FundRow, OrganisationRow};
use crate::starter;
use crate::views::{GroupBy, Reader};

/// An administrator.
pub(super) struct Colleague {
    pub(super) id: PersonId,
    pub(super) name: String,
    pub(super) email: String,
    /// They have signed in by a link that was mailed to their address.
    pub(super) proven: bool,
}

pub(super) struct SetupState {
    pub(super) own: OrganisationRow,
    pub(super) administrators: Vec<Colleague>,
    pub(super) funds: Vec<FundRow>,
    pub(super) has_money: bool,
}

pub(super) fn was_a_round_opened(funds: &[FundRow]) -> bool {
    funds
        .iter()
        .flat_map(|fund| fund.rounds.values())
        .any(|round| round.state != RoundState::Planned)
}

impl SetupState {
    pub(super) async fn load(request: &DeskRequest<'_>) -> Result<Self, PageError> {
        let days = DaySelection::from_query(request.app, "", "").await?;
        let lines = request
            .app
            .views
            .budget(totals_query(GroupBy::Fund, None, None, &days))
            .await?
            .lines;
        Ok(Self {
            own: organisation(request).await?,
            administrators: administrators(request).await?,
            funds: request.funds().await?,
            has_money: lines.iter().any(|line| !line.allocated.is_zero()),
        })
    }

    /// A round was opened, so the set-up is over.
    pub(super) fn is_over(&self) -> bool {
        was_a_round_opened(&self.funds)
    }

    /// Two administrators have each shown that they have a mailbox of their own. Without them no
    /// fund opens.
    pub(super) fn has_second(&self) -> bool {
        self.administrators.len() >= 2 && self.unproven().next().is_none()
    }

    pub(super) fn unproven(&self) -> impl Iterator<Item = &Colleague> {
        self.administrators.iter().filter(|one| !one.proven)
    }

    pub(super) fn email_works(&self) -> bool {
        self.administrators.iter().any(|one| one.proven)
    }

    pub(super) fn has_fund(&self) -> bool {
        !self.funds.is_empty() && self.has_money
    }

    pub(super) fn second_in_words(&self) -> String {
        if self.administrators.len() < 2 {
            return "Important changes need two of you".to_owned();
        }
        let names = |waiting: bool| {
            let of = self
                .administrators
                .iter()
                .filter(|one| !waiting || !one.proven);
            of.map(|one| one.name.as_str())
                .collect::<Vec<_>>()
                .join(" and ")
        };
        if self.has_second() {
            format!("{}. Important changes need two of you", names(false))
        } else {
            format!(
                "Waiting until the link in their email is opened: {}",
                names(true)
            )
        }
    }

    pub(super) fn email_in_words(&self, has_server: bool) -> String {
        let reached = self.administrators.iter().filter(|one| one.proven);
        let addresses: Vec<_> = reached.map(|one| one.email.as_str()).collect();
        if !has_server {
            "No email server yet: emails are kept as files".to_owned()
        } else if addresses.is_empty() {
            "Send yourself a test message".to_owned()
        } else {
            format!("An email reached {}", addresses.join(" and "))
        }
    }

    pub(super) fn organisation_in_words(&self, site: &SiteDetails) -> String {
        match missing_contact(site).as_slice() {
            [] => {
                let reached = [&site.telephone, &site.email];
                let reached = reached.into_iter().find(|way| !way.is_empty());
                let lines = reached.into_iter().chain(site.postal_address.first());
                let lines: Vec<&str> = lines.map(String::as_str).collect();
                format!("{}: {}", self.own.name, lines.join(", "))
            }
            [one] => format!("{}: the {one} is missing", self.own.name),
            many => format!("{}: {} are missing", self.own.name, many.join(" and ")),
        }
    }

    pub(super) fn questions_in_words(&self) -> String {
        if self.own.form_version == 0 {
            return "Start from our nine, in English and Polish, or write your own".to_owned();
        }
        let count = self.own.form.len() + starter::QUESTIONS_OF_EVERY_FORM;
        let in_polish = |question: &Question| question.other_languages.contains_key(&Language::Pl);
        let languages = if self.own.form.iter().all(in_polish) {
            "in English and Polish"
        } else {
            "in English"
        };
        format!("{}, {languages}", counted(count, "question", "questions"))
    }

    pub(super) fn signs_in_words(&self) -> String {
        if self.own.signs_version == 0 {
            return "Start from our eight. Groups report against them".to_owned();
        }
        counted(self.own.signs.len(), "sign", "signs")
    }

    pub(super) fn themes_in_words(&self) -> String {
        if self.own.themes_version == 0 {
            return "Start from our five. You see what you fund by theme".to_owned();
        }
        counted(self.own.themes.len(), "theme", "themes")
    }

    pub(super) fn agreement_in_words(&self) -> String {
        match self.own.agreement_version {
            0 => "Ready to use: read them once, and change what you like".to_owned(),
            version => format!("Agreement, version {version}"),
        }
    }

    pub(super) fn round_in_words(&self) -> String {
        let rounds = self.funds.iter().flat_map(|fund| fund.rounds.values());
        let opened = rounds
            .filter(|round| round.state != RoundState::Planned)
            .min_by_key(|round| round.opens_on);
        match opened {
            Some(round) => format!(
                "{}, from {} to {}",
                round.name,
                day_text(round.opens_on),
                day_text(round.closes_on)
            ),
            None => "Choose the dates, try it as a group, then open it".to_owned(),
        }
    }

    pub(super) fn fund_in_words(&self) -> String {
        match self.funds.first() {
            Some(fund) if self.has_money => fund.name.clone(),
            Some(fund) => format!("{}: no money is recorded yet", fund.name),
            None => "Purpose, areas, smallest and largest grant, who gives the money".to_owned(),
        }
    }
}

/// The contact details that the office has not entered yet: a phone number or an email, and a
/// postal address.
pub(super) fn missing_contact(site: &SiteDetails) -> Vec<&'static str> {
    let reached = !site.telephone.is_empty() || !site.email.is_empty();
    let found = [
        ("phone number", reached),
        ("address", !site.postal_address.is_empty()),
    ];
    found
        .into_iter()
        .filter(|(_, known)| !known)
        .map(|(what, _)| what)
        .collect()
}

/// A count in words for the beginning of a line: "Nine questions".
fn counted(count: usize, one: &str, many: &str) -> String {
    const WORDS: [&str; 13] = [
        "No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten",
        "Eleven", "Twelve",
    ];
    let number = WORDS
        .get(count)
        .map_or_else(|| count.to_string(), |word| (*word).to_owned());
    format!("{number} {}", if count == 1 { one } else { many })
}

/// The administrators, in the order in which they came.
async fn administrators(request: &DeskRequest<'_>) -> Result<Vec<Colleague>, PageError> {
    let log = request.app.commands.log();
    let organisation = log
        .refresh::<Organisation>(request.app.commands.organisation().0)
        .await?
        .state;
    let ids: Vec<PersonId> = organisation.holders(Role::Administrator).collect();
    let views = &request.app.views;
    let rows = views
        .people(ids.iter().map(ToString::to_string).collect())
        .await?;
    let seen = views.decrypt_people(&Reader::service(), rows).await?;
    let mut found = Vec::new();
    for person in ids {
        let of = seen.iter().find(|seen| seen.id == person.0);
        let known = log.refresh::<Person>(person.0).await?.state;
        found.push(Colleague {
            id: person,
            name: of
                .and_then(|seen| seen.name.clone())
                .unwrap_or_else(|| "a colleague".to_owned()),
            email: of.and_then(|seen| seen.email.clone()).unwrap_or_default(),
            proven: known.has_proven_address(),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn small_numbers_are_words() {
        assert_eq!(counted(9, "question", "questions"), "Nine questions");
        assert_eq!(counted(1, "sign", "signs"), "One sign");
        assert_eq!(counted(13, "sign", "signs"), "13 signs");
    }
}
