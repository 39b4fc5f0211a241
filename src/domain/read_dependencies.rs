//! The aggregates that a decision may read in addition to its own and the organisation. `commands`
//! loads them before it decides.

use uuid::Uuid;

use super::{
    Actor, Application, ApplicationCommand, Command, FundCommand, GatheringCommand, GrantCommand,
    Group, GroupCommand, GroupId, Organisation, OrganisationCommand, PersonId, Role,
};

/// Ids of the aggregates that a decision may read; `None` for those that it does not need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadDependencies {
    pub person: Option<Uuid>,
    pub fund: Option<Uuid>,
    pub group: Option<Uuid>,
    pub application: Option<Uuid>,
    pub gathering: Option<Uuid>,
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
    /// people of the groups if an application is submitted, or money is prepared or sent.
    pub fn people_read<'a>(
        &self,
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
                OrganisationCommand::ShareStatement(_) | OrganisationCommand::PublishReport(_)
            ) | Self::Gathering(_, GatheringCommand::Plan(_) | GatheringCommand::Describe(_))
        )
    }

    /// Groups that the decision may read in addition to the one concerned.
    #[must_use]
    pub fn groups_read(&self) -> Vec<GroupId> {
        match self {
            Self::Gathering(_, command) => command.groups_that_came().collect(),
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
            Self::Person(..) | Self::Fund(..) => ReadDependencies::default(),
            Self::Organisation(_, command) => ReadDependencies {
                person: person_read(command),
                fund: fund_read(command),
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
        C::OfferLead(of) | C::TakeLead(of) => ReadDependencies {
            person: Some(of.person.0),
            ..of_gathering
        },
        _ => of_gathering,
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
