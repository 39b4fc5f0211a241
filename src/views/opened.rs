//! Rows with their personal values opened, for those who may see them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::{Reader, ViewError, Views};
use crate::domain::application::Channel;
use crate::domain::erasure::Erasure;
use crate::domain::file::FileDigest;
use crate::domain::grant::UpdateState;
use crate::domain::group::{PastGrant, Standing};
use crate::domain::outcome::Strength;
use crate::domain::payee::{PayeeSealed, Route};
use crate::domain::sealed::Sealed;
use crate::domain::text::{Identifier, Slug};
use crate::domain::{GroupId, Money, PersonId, Roles};
use crate::log::vault::Opened;
use crate::projections::{
    AnswersRow, ApplicationRow, FileRow, GrantRow, GroupRow, OnFileRow, PersonRow, ProposedContactRow, UpdateRow, VariationRow,
};

/// A person, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Person)]
pub struct PersonSeen {
    pub id: Uuid,
    pub version: i64,
    /// Absent when it was erased, or is not for this reader.
    pub name: Option<String>,
    pub email: Option<String>,
    pub telephone: Option<String>,
    pub roles: Roles,
    /// Roles that wait for a second person to confirm them.
    pub proposed: Roles,
    pub groups: BTreeSet<Uuid>,
    /// Contact details that an officer proposed, until the person or another officer confirms them.
    pub proposed_contact: Option<ContactSeen>,
    /// How erasing what is personal of them stands.
    pub erasure: Erasure,
}

/// Contact details that wait to be confirmed, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ProposedContact)]
pub struct ContactSeen {
    /// Its number: confirming names it.
    pub proposal: u32,
    pub name: Option<String>,
    pub email: Option<String>,
    pub telephone: Option<String>,
    /// Absent for somebody without a role.
    pub by: Option<PersonId>,
}

/// A group, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Group)]
pub struct GroupSeen {
    pub id: Uuid,
    pub version: i64,
    pub name: String,
    pub area: String,
    /// The number of what a member wrote as name and area, until staff take it over or refuse it.
    pub proposal: Option<u32>,
    pub proposed_name: Option<String>,
    pub proposed_area: Option<String>,
    /// What was wrong, in the member's words.
    pub proposed_reason: Option<String>,
    pub standing: Standing,
    pub identifiers: BTreeSet<Identifier>,
    pub members: BTreeSet<PersonId>,
    pub payee: Option<PayeeSeen>,
    pub postcode: Option<String>,
    pub telephone: Option<String>,
    /// The newest files, 500 at most.
    pub files: Vec<FileRow>,
    /// Checks that other grants can rest on.
    #[schema(value_type = BTreeMap<String, OnFileRow>)]
    pub on_file: BTreeMap<Slug, OnFileRow>,
    /// Grants that it had before, by their references: history, outside every budget.
    pub past_grants: BTreeMap<String, PastGrant>,
    /// The group that it was merged into.
    pub merged_into: Option<GroupId>,
    /// Groups that were merged into it.
    pub took_in: BTreeSet<GroupId>,
    /// How erasing what is personal of it stands.
    pub erasure: Erasure,
}

/// An application, with the group's words about a review opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Application)]
pub struct ApplicationSeen {
    #[serde(flatten)]
    pub row: ApplicationRow,
    /// Why the group asked for a review.
    pub review: Option<String>,
    /// Who helps the group with English.
    pub helper: Option<String>,
}

/// A grant, with the group's words about variations opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Grant)]
pub struct GrantSeen {
    #[serde(flatten)]
    pub row: GrantRow,
    /// Why each variation was asked for.
    #[schema(value_type = BTreeMap<String, String>)]
    pub variation_words: BTreeMap<u16, String>,
}

/// Where a group's money goes, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Payee)]
pub struct PayeeSeen {
    pub payee: u32,
    pub route: Route,
    /// Absent for a member of the group where the person is of the staff.
    pub keyed_by: Option<PersonId>,
    /// Whether a second person has verified it.
    pub verified: bool,
    /// Absent for a member of the group.
    pub verified_by: Option<PersonId>,
    pub body: Option<String>,
    pub holder: Option<String>,
    /// Sort code and account number.
    pub numbers: Option<String>,
}

/// The latest answer to a question, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Answer {
    pub question: Slug,
    /// Absent when it was erased.
    pub answer: Option<String>,
}

/// An update, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Update)]
pub struct UpdateSeen {
    pub grant: Uuid,
    pub update: u16,
    pub state: UpdateState,
    #[schema(value_type = String, format = "date")]
    pub due_on: Date,
    pub last: bool,
    #[schema(value_type = Option<String>, format = "date")]
    pub received_on: Option<Date>,
    pub channel: Option<Channel>,
    pub words: Option<String>,
    pub learned: Option<String>,
    pub people: u32,
    pub volunteers: u32,
    pub spent: Option<Money>,
    pub outcomes: Vec<OutcomeSeen>,
    pub reason: Option<String>,
    /// What staff asked last.
    pub question: Option<String>,
    /// Receipts and photographs, among the group's files.
    pub files: BTreeSet<FileDigest>,
    #[schema(value_type = Option<String>, format = "date")]
    pub reminded_on: Option<Date>,
}

/// What the group said of a sign, opened, and apart from it what staff judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OutcomeSeen {
    pub sign: Slug,
    pub said: Option<Strength>,
    pub words: Option<String>,
    pub judged: Option<Strength>,
    pub judgement: Option<String>,
}

/// Personal values collected from rows, opened with one look-up.
#[derive(Default)]
struct Wanted<'a>(Vec<(&'static str, &'a Sealed)>);

impl<'a> Wanted<'a> {
    fn add(&mut self, field: &'static str, value: Option<&'a Sealed>) {
        self.0.extend(value.map(|value| (field, value)));
    }

    async fn open(self, views: &Views) -> Result<BTreeMap<String, String>, ViewError> {
        let opened = views.log.vault().open(&self.0).await?;
        let texts = self.0.iter().zip(opened).filter_map(|((_, sealed), opened)| Some((sealed.digest.clone(), Opened::text(opened)?)));
        Ok(texts.collect())
    }
}

fn text(opened: &BTreeMap<String, String>, sealed: Option<&Sealed>) -> Option<String> {
    opened.get(&sealed?.digest).cloned()
}

impl Views {
    /// Opens people for staff who work with groups, and for the person.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_people(&self, reader: &Reader, rows: Vec<PersonRow>) -> Result<Vec<PersonSeen>, ViewError> {
        let mut wanted = Wanted::default();
        for row in rows.iter().filter(|row| reader.works_with_groups() || reader.person.0 == row.id) {
            wanted.add("name", Some(&row.name));
            wanted.add("email", row.email.as_ref());
            wanted.add("telephone", row.telephone.as_ref());
            if let Some(proposed) = &row.proposed_contact {
                wanted.add("name", Some(&proposed.name));
                wanted.add("email", proposed.email.as_ref());
                wanted.add("telephone", proposed.telephone.as_ref());
            }
        }
        let opened = wanted.open(self).await?;
        let contact = |proposed: &ProposedContactRow| ContactSeen {
            proposal: proposed.proposal,
            name: text(&opened, Some(&proposed.name)),
            email: text(&opened, proposed.email.as_ref()),
            telephone: text(&opened, proposed.telephone.as_ref()),
            by: reader.sees_all().then_some(proposed.by),
        };
        let seen = |row: PersonRow| PersonSeen {
            proposed_contact: row.proposed_contact.as_ref().map(contact),
            name: text(&opened, Some(&row.name)),
            email: text(&opened, row.email.as_ref()),
            telephone: text(&opened, row.telephone.as_ref()),
            id: row.id,
            version: row.version,
            roles: row.roles,
            proposed: row.proposed,
            groups: row.groups,
            erasure: row.erasure,
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// Opens groups, with their files: account details for those who work with groups, and for
    /// members, who are only ever shown their own.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_groups(&self, reader: &Reader, rows: Vec<GroupRow>, as_at: Option<i64>) -> Result<Vec<GroupSeen>, ViewError> {
        let ids: Vec<_> = rows.iter().map(|row| row.id.to_string()).collect();
        let mut files: BTreeMap<Uuid, Vec<FileRow>> = BTreeMap::new();
        for file in self.files_of(&ids, as_at).await? {
            files.entry(file.group).or_default().push(file);
        }
        let mut wanted = Wanted::default();
        for row in rows.iter().filter(|_| reader.works_with_groups() || !reader.sees_all()) {
            wanted.add("postcode", row.postcode.as_ref());
            wanted.add("telephone", row.telephone.as_ref());
            wanted.add("reason", row.proposed.as_ref().map(|proposed| &proposed.reason));
            if let Some((holder, numbers)) = row.payee.as_ref().and_then(|payee| account(&payee.details)) {
                wanted.add("holder", Some(holder));
                wanted.add("numbers", Some(numbers));
            }
        }
        let opened = wanted.open(self).await?;
        let payee = |row: &GroupRow| {
            row.payee.as_ref().map(|payee| PayeeSeen {
                payee: payee.payee,
                route: payee.route,
                keyed_by: Some(payee.keyed_by),
                verified: payee.verified_by.is_some(),
                verified_by: payee.verified_by,
                body: if let PayeeSealed::HoldingBody { body, .. } = &payee.details { Some(body.to_string()) } else { None },
                holder: text(&opened, account(&payee.details).map(|(holder, _)| holder)),
                numbers: text(&opened, account(&payee.details).map(|(_, numbers)| numbers)),
            })
        };
        let seen = |row: GroupRow| GroupSeen {
            payee: payee(&row),
            postcode: text(&opened, row.postcode.as_ref()),
            proposed_reason: text(&opened, row.proposed.as_ref().map(|proposed| &proposed.reason)),
            proposal: row.proposed.as_ref().map(|proposed| proposed.proposal),
            proposed_name: row.proposed.as_ref().map(|proposed| proposed.name.clone()),
            proposed_area: row.proposed.map(|proposed| proposed.area),
            telephone: text(&opened, row.telephone.as_ref()),
            files: files.remove(&row.id).unwrap_or_default(),
            on_file: row.on_file,
            past_grants: row.past_grants,
            merged_into: row.merged_into,
            took_in: row.took_in,
            erasure: row.erasure,
            id: row.id,
            version: row.version,
            name: row.name,
            area: row.area,
            standing: row.standing,
            identifiers: row.identifiers,
            members: row.members,
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// Opens what the group said about a review, for those who may read it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_applications(&self, words: bool, rows: Vec<ApplicationRow>) -> Result<Vec<ApplicationSeen>, ViewError> {
        let mut wanted = Wanted::default();
        for row in rows.iter().filter(|_| words) {
            wanted.add("review", row.review_sealed.as_ref());
            wanted.add("helper", row.helper_sealed.as_ref());
        }
        let opened = wanted.open(self).await?;
        let seen = |mut row: ApplicationRow| {
            let review = row.review_sealed.take();
            let helper = row.helper_sealed.take();
            row.reviewed = None;
            ApplicationSeen { review: text(&opened, review.as_ref()), helper: text(&opened, helper.as_ref()), row }
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// Opens what the group said about variations, for those who may read it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_grants(&self, words: bool, rows: Vec<GrantRow>) -> Result<Vec<GrantSeen>, ViewError> {
        let mut wanted = Wanted::default();
        for variation in rows.iter().filter(|_| words).flat_map(|row| row.variations.values()) {
            wanted.add("variation", variation.sealed.as_ref());
        }
        let opened = wanted.open(self).await?;
        let seen = |mut row: GrantRow| {
            let said = |(number, variation): (&u16, &mut VariationRow)| {
                let sealed = variation.sealed.take();
                Some((*number, text(&opened, sealed.as_ref())?))
            };
            let variation_words = row.variations.iter_mut().filter_map(said).collect();
            GrantSeen { row, variation_words }
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// An application's latest answers, opened.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn answers(&self, application: Uuid, as_at: Option<i64>) -> Result<Vec<Answer>, ViewError> {
        let AnswersRow { answers } = self.find(&application.to_string(), as_at).await?.unwrap_or_default();
        let opened = Wanted(answers.values().map(|sealed| ("answer", sealed)).collect()).open(self).await?;
        Ok(answers.iter().map(|(question, sealed)| Answer { question: question.clone(), answer: text(&opened, Some(sealed)) }).collect())
    }

    /// Opens updates: the group's words for those who work with groups, the panel, and the group itself; staff's
    /// judgements for all but the group.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_updates(&self, words: bool, judgements: bool, rows: Vec<UpdateRow>) -> Result<Vec<UpdateSeen>, ViewError> {
        let mut wanted = Wanted::default();
        for row in rows.iter().filter(|_| words) {
            wanted.add("words", row.words.as_ref());
            wanted.add("learned", row.learned.as_ref());
            for outcome in &row.outcomes {
                wanted.add("outcome", outcome.words.as_ref());
            }
        }
        let opened = wanted.open(self).await?;
        let outcome = |outcome: &crate::projections::OutcomeRow| OutcomeSeen {
            sign: outcome.sign.clone(),
            said: outcome.said,
            words: text(&opened, outcome.words.as_ref()),
            judged: outcome.judged.filter(|_| judgements),
            judgement: outcome.judgement.clone().filter(|_| judgements),
        };
        let seen = |row: UpdateRow| UpdateSeen {
            words: text(&opened, row.words.as_ref()),
            learned: text(&opened, row.learned.as_ref()),
            outcomes: row.outcomes.iter().filter(|outcome| judgements || outcome.said.is_some()).map(outcome).collect(),
            grant: row.grant,
            update: row.update,
            state: row.state,
            due_on: row.due_on,
            last: row.last,
            received_on: row.received_on,
            channel: row.channel,
            people: row.people,
            volunteers: row.volunteers,
            spent: row.spent,
            reason: row.reason,
            question: row.question,
            files: row.files,
            reminded_on: row.reminded_on,
        };
        Ok(rows.into_iter().map(seen).collect())
    }
}

fn account(details: &PayeeSealed) -> Option<(&Sealed, &Sealed)> {
    match details {
        PayeeSealed::OwnAccount { holder, numbers } | PayeeSealed::HoldingBody { holder, numbers, .. } => Some((holder, numbers)),
        PayeeSealed::PurchaseForGroup {} => None,
    }
}
