//! The aggregates that a decision may read in addition to its own and the organisation. `commands`
//! loads them before it decides.

use uuid::Uuid;

use super::organisation::LessonOrigin;
use super::{
    Actor, Application, ApplicationCommand, Asset, AssetCommand, BarrierCommand, Command,
    FundCommand, GatheringCommand, GrantCommand, Group, GroupCommand, GroupId, Organisation,
    OrganisationCommand, PersonId, Role,
};
use crate::domain::asset::Party;

/// Ids of the aggregates that a decision may read; `None` for those that it does not need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadDependencies {
    pub person: Option<Uuid>,
    pub fund: Option<Uuid>,
    pub group: Option<Uuid>,
    pub application: Option<Uuid>,
    pub gathering: Option<Uuid>,
    pub asset: Option<Uuid>,
    pub barrier: Option<Uuid>,
    pub grant: Option<Uuid>,
}

impl ReadDependencies {
    /// Adds the person or group who holds an entry of the directory.
    #[must_use]
    pub fn with_holder_of(self, asset: &Asset) -> Self {
        match asset.holder() {
            Some(Party::Person(person)) => Self {
                person: Some(person.0),
                ..self
            },
            Some(Party::Group(group)) => Self {
                group: Some(group.0),
                ..self
            },
            None => self,
        }
    }
}

impl Command {
    /// The application that the command concerns; for a grant, the one that it came from.
    #[must_use]
    pub fn application_id(&self) -> Option<Uuid> {
        match self {
            Self::Application(id, _) => Some(id.0),
            Self::Grant(id, _) => Some(id.0),
            _ => None,
        }
    }

    /// The actor, if they key a payee: the decision needs to know on whose word they are known.
    #[must_use]
    pub fn payee_keyer(&self, actor: Actor) -> Option<PersonId> {
        match (self, actor) {
            (Self::Group(_, GroupCommand::ProvidePayee(_)), Actor::Person(person)) => Some(person),
            _ => None,
        }
    }

    /// Other people whom the decision may read: the administrators if a fund is opened, and the
    /// people of the groups if an application is submitted, or money is prepared or sent. Those who
    /// gave or received time are read, too, and who says so.
    pub fn people_read<'a>(
        &self,
        actor: Actor,
        organisation: &'a Organisation,
        groups: &[&'a Group],
    ) -> Vec<PersonId> {
        match self {
            Self::Fund(_, FundCommand::Open(_)) => {
                organisation.holders(Role::Administrator).collect()
            }
            Self::Application(
                _,
                ApplicationCommand::Submit(_) | ApplicationCommand::Resubmit(_),
            ) => groups
                .iter()
                .flat_map(|group| group.people_to_reach())
                .collect(),
            Self::Grant(
                _,
                GrantCommand::PreparePayment(_)
                | GrantCommand::ProposeEarlyPayment(_)
                | GrantCommand::ConfirmEarlyPayment(_)
                | GrantCommand::SendPayment(_)
                | GrantCommand::SendInBatch(_),
            ) => groups.iter().flat_map(|group| group.members()).collect(),
            Self::Asset(_, command) => {
                let says_so = match (command, actor) {
                    (AssetCommand::RecordExchange(_), Actor::Person(by)) => Some(by),
                    _ => None,
                };
                let parties = command.parties().filter_map(Party::person);
                parties.chain(says_so).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The open grants of the group whose applications the decision may read. Only verifying a
    /// payee needs them.
    pub fn grants_read(&self, group: &Group) -> impl Iterator<Item = Uuid> {
        let verifies = matches!(self, Self::Group(_, GroupCommand::VerifyPayee(_)));
        group
            .open_grants()
            .filter(move |_| verifies)
            .map(|grant| grant.0)
    }

    /// Whether the decision may read every fund: the command names a funder or an area of any of
    /// them.
    #[must_use]
    pub fn reads_all_funds(&self) -> bool {
        matches!(
            self,
            Self::Organisation(
                _,
                OrganisationCommand::ShareStatement(_)
                    | OrganisationCommand::PublishReport(_)
                    | OrganisationCommand::PublishLesson(_)
            ) | Self::Gathering(_, GatheringCommand::Plan(_) | GatheringCommand::Describe(_))
                | Self::Asset(_, AssetCommand::Record(_) | AssetCommand::Publish(_))
                | Self::Barrier(_, BarrierCommand::Raise(_))
        )
    }

    /// Groups that the decision may read in addition to the one concerned.
    #[must_use]
    pub fn groups_read(&self) -> Vec<GroupId> {
        match self {
            Self::Gathering(_, command) => command.groups_that_came().collect(),
            Self::Asset(_, command) => command.parties().filter_map(Party::group).collect(),
            _ => Vec::new(),
        }
    }

    /// The aggregates that the decision may read, given the application that the command concerns.
    #[must_use]
    pub fn read_dependencies(&self, application: &Application) -> ReadDependencies {
        let place = application.target();
        let of_place = ReadDependencies {
            fund: place.map(|place| place.fund.0),
            group: place.map(|place| place.group.0),
            ..ReadDependencies::default()
        };
        match self {
            // Those of an introduction depend on its state: see `Introduction::reads`.
            Self::Person(..) | Self::Fund(..) | Self::Introduction(..) => {
                ReadDependencies::default()
            }
            Self::Organisation(_, command) => ReadDependencies {
                person: person_read(command),
                fund: fund_read(command),
                gathering: gathering_read(command),
                grant: grant_read(command),
                barrier: barrier_read(command),
                ..ReadDependencies::default()
            },
            Self::Group(group, command) => {
                let person = match command {
                    GroupCommand::Register(register) => register.member.map(|person| person.0),
                    GroupCommand::AddMember(of)
                    | GroupCommand::Join(of)
                    | GroupCommand::RefuseInvitation(of) => Some(of.person.0),
                    _ => None,
                };
                let application = match command {
                    GroupCommand::RemoveFile(of) => Some(of.application.0),
                    _ => None,
                };
                ReadDependencies {
                    person,
                    application,
                    group: Some(group.0),
                    ..ReadDependencies::default()
                }
            }
            Self::Gathering(id, command) => gathering_reads(id.0, command),
            Self::Asset(id, command) => asset_reads(id.0, command),
            Self::Barrier(id, command) => barrier_reads(id.0, command),
            Self::Application(_, ApplicationCommand::Start(start)) => ReadDependencies {
                fund: Some(start.fund.0),
                group: Some(start.group.0),
                ..ReadDependencies::default()
            },
            Self::Application(_, ApplicationCommand::Submit(submit)) => ReadDependencies {
                person: submit.help.as_ref().map(|help| help.by.0),
                ..of_place
            },
            Self::Application(_, ApplicationCommand::Resubmit(again)) => ReadDependencies {
                person: again.help.as_ref().map(|help| help.by.0),
                ..of_place
            },
            Self::Application(_, ApplicationCommand::ConfirmHelp(of)) => ReadDependencies {
                person: Some(of.helper.0),
                ..of_place
            },
            Self::Application(..) => of_place,
            Self::Grant(id, _) => ReadDependencies {
                application: Some(id.0),
                ..of_place
            },
        }
    }
}

fn gathering_reads(id: Uuid, command: &GatheringCommand) -> ReadDependencies {
    use GatheringCommand as C;
    let of_gathering = ReadDependencies {
        gathering: Some(id),
        ..ReadDependencies::default()
    };
    match command {
        C::Plan(plan) => ReadDependencies {
            fund: plan.fund.map(|fund| fund.0),
            group: plan.group.map(|group| group.0),
            gathering: plan.grew_from.map(|gathering| gathering.0),
            ..ReadDependencies::default()
        },
        C::SignUp(sign_up) => ReadDependencies {
            person: Some(sign_up.person.0),
            group: sign_up.group.map(|group| group.0),
            ..of_gathering
        },
        C::HandOver(hand_over) => ReadDependencies {
            person: Some(hand_over.to.0),
            ..of_gathering
        },
        C::ChooseStory(chosen) => ReadDependencies {
            grant: Some(chosen.grant.0),
            ..of_gathering
        },
        C::OfferLead(of) | C::TakeLead(of) => ReadDependencies {
            person: Some(of.person.0),
            ..of_gathering
        },
        _ => of_gathering,
    }
}

/// Who holds the entry is read, too: see [`ReadDependencies::with_holder_of`].
fn asset_reads(id: Uuid, command: &AssetCommand) -> ReadDependencies {
    match command {
        AssetCommand::Record(recorded) => ReadDependencies {
            person: recorded
                .holder
                .and_then(Party::person)
                .map(|person| person.0),
            group: recorded.holder.and_then(Party::group).map(|group| group.0),
            ..ReadDependencies::default()
        },
        AssetCommand::Tie(tie) => ReadDependencies {
            asset: Some(tie.to.0).filter(|to| *to != id),
            ..ReadDependencies::default()
        },
        _ => ReadDependencies::default(),
    }
}

/// A barrier that is joined to itself reads none, and so is refused.
fn barrier_reads(id: Uuid, command: &BarrierCommand) -> ReadDependencies {
    match command {
        BarrierCommand::Raise(raise) => ReadDependencies {
            person: Some(raise.person.0),
            group: raise.group.map(|group| group.0),
            gathering: raise.gathering.map(|gathering| gathering.0),
            ..ReadDependencies::default()
        },
        BarrierCommand::Join(join) => ReadDependencies {
            barrier: Some(join.into.0).filter(|into| *into != id),
            ..ReadDependencies::default()
        },
        _ => ReadDependencies::default(),
    }
}

fn person_read(command: &OrganisationCommand) -> Option<Uuid> {
    match command {
        OrganisationCommand::NameFounder(founder) => Some(founder.person.0),
        OrganisationCommand::ProposeRole(of) => Some(of.person.0),
        OrganisationCommand::ConfirmRole(of) => Some(of.person.0),
        OrganisationCommand::EndRolesOfErased(of) => Some(of.person.0),
        _ => None,
    }
}

fn fund_read(command: &OrganisationCommand) -> Option<Uuid> {
    match command {
        OrganisationCommand::PublishMailText(text) | OrganisationCommand::ProposeMailText(text) => {
            text.fund.map(|fund| fund.0)
        }
        _ => None,
    }
}

/// The gathering that a lesson grew from, or at which pledges were written.
fn gathering_read(command: &OrganisationCommand) -> Option<Uuid> {
    let gathering = match command {
        OrganisationCommand::PublishPledges(publish) => publish.co_designed_at?,
        _ => match lesson_origin(command)? {
            LessonOrigin::Gathering { gathering } => *gathering,
            _ => return None,
        },
    };
    Some(gathering.0)
}

/// The grant that a lesson grew from.
fn grant_read(command: &OrganisationCommand) -> Option<Uuid> {
    match lesson_origin(command) {
        Some(LessonOrigin::Grant { grant, .. }) => Some(grant.0),
        _ => None,
    }
}

/// The barrier that a lesson grew from.
fn barrier_read(command: &OrganisationCommand) -> Option<Uuid> {
    match lesson_origin(command) {
        Some(LessonOrigin::Barrier { barrier }) => Some(barrier.0),
        _ => None,
    }
}

fn lesson_origin(command: &OrganisationCommand) -> Option<&LessonOrigin> {
    match command {
        OrganisationCommand::PublishLesson(lesson) => lesson.grew_from.as_ref(),
        _ => None,
    }
}
