//! Subject access to introductions, consents, pledges and barriers.

use std::collections::BTreeMap;
use std::fmt::Display;

use uuid::Uuid;

use super::{Filter, SubjectAccessSection, ViewError, Views};
use crate::projections::{BarrierRow, ConsentRow, IntroductionRow, PersonRow, TakenPledgesRow};

impl Views {
    /// Where they were introduced, with what matters to them and who welcomes them.
    pub(super) async fn list_introductions(
        &self,
        column: &'static str,
        of: impl Display,
        opened: &BTreeMap<String, String>,
    ) -> Result<SubjectAccessSection, ViewError> {
        let own = vec![Filter::equals(column, of)];
        let mut introductions = SubjectAccessSection::new("Introductions about them");
        for row in self.all_rows::<IntroductionRow>(None, own).await? {
            let shares: Vec<&str> = row.shares.iter().map(Into::into).collect();
            let mut says = vec![
                ("entry".to_owned(), row.to.to_string()),
                ("asked".to_owned(), row.created_at.to_string()),
                ("state".to_owned(), <&str>::from(row.state).to_owned()),
                ("shares".to_owned(), shares.join(", ")),
            ];
            for (name, value) in [("matters", row.matters), ("host", row.host_name)] {
                let text = value.and_then(|value| opened.get(&value.digest).cloned());
                says.extend(text.map(|text| (name.to_owned(), text)));
            }
            introductions
                .items
                .push((format!("Introduction {}", row.id), says));
        }
        Ok(introductions)
    }

    /// What they agreed to, on which notice.
    pub(super) async fn list_consents(
        &self,
        person: &str,
    ) -> Result<SubjectAccessSection, ViewError> {
        let own = vec![Filter::equals("person", person)];
        let mut consents = SubjectAccessSection::new("What they agreed to");
        for row in self.all_rows::<ConsentRow>(None, own).await? {
            let says = vec![
                ("notice".to_owned(), row.notice.to_string()),
                ("agreed".to_owned(), row.given_on.to_string()),
                ("state".to_owned(), <&str>::from(row.state).to_owned()),
            ];
            let purpose = <&str>::from(row.purpose).replace('_', " ");
            consents.items.push((purpose, says));
        }
        Ok(consents)
    }

    /// The pledges that they took.
    pub(super) async fn list_pledges(
        &self,
        person: &PersonRow,
    ) -> Result<SubjectAccessSection, ViewError> {
        let mut pledges = SubjectAccessSection::new("Pledges that they made");
        let row: Option<TakenPledgesRow> = self.find(person.id, None).await?;
        for (pledge, taken) in row.into_iter().flat_map(|row| row.pledges) {
            let mut says = vec![
                ("taken on".to_owned(), taken.taken_on.to_string()),
                ("state".to_owned(), <&str>::from(taken.state).to_owned()),
            ];
            says.extend(
                taken
                    .kept_on
                    .map(|day| ("kept on".to_owned(), day.to_string())),
            );
            pledges.items.push((pledge.to_string(), says));
        }
        Ok(pledges)
    }

    /// The barriers that they raised. What they reported for a group is encrypted under the key of
    /// the group, and is in the report on the group.
    pub(super) async fn list_barriers(
        &self,
        person: &PersonRow,
        opened: &BTreeMap<String, String>,
    ) -> Result<SubjectAccessSection, ViewError> {
        let own = vec![Filter::contains("raised_by", &person.id.to_string())];
        self.barriers_section(own, opened).await
    }

    /// What members said for a group. It does not say who.
    pub(super) async fn list_group_barriers(
        &self,
        group: Uuid,
        opened: &BTreeMap<String, String>,
    ) -> Result<SubjectAccessSection, ViewError> {
        let own = vec![Filter::equals("group_id", group)];
        self.barriers_section(own, opened).await
    }

    async fn barriers_section(
        &self,
        own: Vec<Filter>,
        opened: &BTreeMap<String, String>,
    ) -> Result<SubjectAccessSection, ViewError> {
        let mut barriers = SubjectAccessSection::new("What they said gets in people’s way");
        for row in self.all_rows::<BarrierRow>(None, own).await? {
            let words = row
                .sealed
                .and_then(|sealed| opened.get(&sealed.digest).cloned());
            let mut says = vec![
                ("raised on".to_owned(), row.raised_on.to_string()),
                ("state".to_owned(), <&str>::from(row.state).to_owned()),
            ];
            says.extend(words.map(|words| ("words".to_owned(), words)));
            barriers.items.push((format!("Barrier {}", row.id), says));
        }
        Ok(barriers)
    }
}
