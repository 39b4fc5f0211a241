//! Recipients of mails. Mails are enqueued a moment after their event, so people who were members
//! or administrators on the event's day are included: someone who removes a person cannot prevent
//! that person's notice.

use std::collections::BTreeSet;

use jiff::civil::Date;
use uuid::Uuid;

use super::access_notices::NoticeRecipients;
use super::triggers::Recipients;
use super::{MailError, Mailer};
use crate::domain::{Group, Organisation, PersonId, Role};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{ApplicationRow, AssetRow};

impl Mailer {
    /// Recipients of an access notice about an event of a day.
    pub(super) async fn notice_recipients(
        &self,
        told: NoticeRecipients,
        day: Date,
    ) -> Result<BTreeSet<PersonId>, MailError> {
        let organisation = self
            .commands
            .log()
            .refresh::<Organisation>(self.commands.organisation().0)
            .await?
            .state;
        Ok(match told {
            NoticeRecipients::Administrators => organisation.administrators_since(day).collect(),
            NoticeRecipients::AdministratorsExcept(named) => organisation
                .administrators_since(day)
                .filter(|person| *person != named)
                .collect(),
            NoticeRecipients::AdministratorsOf(person)
                if organisation.has_or_awaits_role(person) =>
            {
                organisation.administrators_since(day).collect()
            }
            NoticeRecipients::AdministratorsOf(_) => BTreeSet::new(),
            NoticeRecipients::OfficersExcept(named) => organisation
                .holders(Role::Officer)
                .filter(|person| *person != named)
                .collect(),
            NoticeRecipients::MembersOf(group) => self.members_since(group, day).await?,
            NoticeRecipients::Person(person) => BTreeSet::from([person]),
            NoticeRecipients::OtherMembersWith(person) => {
                let mut fellows = BTreeSet::new();
                for group in self.views.groups_of(person).await? {
                    fellows.extend(self.members_since(group, day).await?);
                }
                fellows.remove(&person);
                fellows
            }
        })
    }

    /// Recipients of a mail about an event.
    pub(super) async fn trigger_recipients(
        &self,
        readers: &Recipients,
        event: &RecordedEvent,
    ) -> Result<BTreeSet<PersonId>, MailError> {
        let application = match readers {
            Recipients::Person(person) => return Ok(BTreeSet::from([*person])),
            Recipients::OfGathering => return self.people_of_gathering(event).await,
            Recipients::OfBarrier => return self.people_of_barrier(event).await,
            Recipients::OfAsset => return self.people_of_asset(event).await,
            Recipients::HostsOfIntroduction => return self.hosts_of_introduction(event).await,
            Recipients::Introduced => return self.introduced_people(event).await,
            Recipients::GroupOfApplication(application) => application,
        };
        let row: Option<ApplicationRow> = self.views.find(application, None).await?;
        self.members_since(
            row.ok_or(MailError::ViewsBehind)?.group.0,
            event.recorded_on(),
        )
        .await
    }

    /// The members of the group that holds an entry of the directory. Where nobody here holds it,
    /// its keeper is asked.
    async fn people_of_asset(
        &self,
        event: &RecordedEvent,
    ) -> Result<BTreeSet<PersonId>, MailError> {
        let row: Option<AssetRow> = self.views.find(event.stream, None).await?;
        let row = row.ok_or(MailError::ViewsBehind)?;
        match row.group {
            Some(group) => self.members_since(group.0, event.recorded_on()).await,
            None => Ok(row.keeper.into_iter().collect()),
        }
    }

    /// Current members of a group and of the groups that it was merged into, and former members who
    /// left on or after a day.
    pub(super) async fn members_since(
        &self,
        group: Uuid,
        day: Date,
    ) -> Result<BTreeSet<PersonId>, MailError> {
        let (mut next, mut met, mut members) = (Some(group), BTreeSet::new(), BTreeSet::new());
        while let Some(id) = next.filter(|id| met.insert(*id)) {
            let group = self.commands.log().refresh::<Group>(id).await?.state;
            members.extend(group.members_since(day));
            next = group.merged_into().map(|heir| heir.0);
        }
        Ok(members)
    }
}
