//! Fixtures: an office of two people with every role, and builders for common records.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use microgrants::commands::clock::new_id;
use microgrants::commands::{Caller, Request};
use microgrants::domain::application::{
    Answers, Award, Channel, Declare, StartApplication, Submit, Summary,
};
use microgrants::domain::command::Nothing;
use microgrants::domain::fund::{Allocate, CreateFund, PlanRound, RoundOf, Rules};
use microgrants::domain::grant::{
    AcceptAgreement, AmountOf, ConfirmPayment, Method, Owed, PassCheck, PaymentOf, PaymentOn,
    PreparePayment, ReceiveReturn,
};
use microgrants::domain::group::{RegisterGroup, Standing, VerifyPayee};
use microgrants::domain::organisation::{
    AdoptSigns, ConfirmRole, Found, NameFounder, PublishAgreement, PublishForm, Question, RoleOf,
    hash_of,
};
use microgrants::domain::outcome::Sign;
use microgrants::domain::payee::{Account, PayeeTyped};
use microgrants::domain::person::{MailedTo, RegisterPerson};
use microgrants::domain::sealed::Personal;
use microgrants::domain::source::Source;
use microgrants::domain::{
    ApplicationCommand, ApplicationId, Command, FundCommand, FundId, GrantCommand, GrantId,
    GroupCommand, GroupId, Money, OrganisationCommand, Person, PersonCommand, PersonId, Role,
};

use crate::house::House;

/// A group's answer on the form.
pub const ANSWER: &str = "We would cook what we grow behind the church.";

pub const AGREEMENT: &str =
    "We spend the money on what we applied for, and tell you what came of it.";

pub fn gbp(pounds: u32) -> Money {
    Money::of_pounds(pounds)
}

pub fn text<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a text of the kind that it stands for")
}

pub fn open(text: &str) -> Personal {
    Personal::Open(text.to_owned())
}

/// Two people with every role but the auditor's, an open fund and its open round.
pub struct Office {
    pub ada: PersonId,
    pub ben: PersonId,
    pub fund: FundId,
}

pub async fn person(house: &House, name: &str) -> PersonId {
    let id = PersonId(new_id());
    let email = Some(open(&format!("{}@example.org", id.0.simple())));
    let register = PersonCommand::Register(RegisterPerson {
        name: open(name),
        email,
        telephone: None,
    });
    house
        .commands
        .issue(Request::new(
            Caller::operator(),
            Command::Person(id, register),
        ))
        .await
        .expect("a person is registered");
    id
}

pub fn rules() -> Rules {
    Rules {
        minimum: gbp(500),
        maximum: gbp(2500),
        eyes: 2,
        quorum: 1,
        checks: BTreeSet::from([text("identity")]),
        checks_at_risk: BTreeSet::from([text("safeguarding")]),
        offer_days: 28,
        signers: 2,
        update_every_days: None,
        remind_days: 14,
        payee_wait_days: Some(0),
        confirm_days: None,
    }
}

impl Office {
    /// Founds the organisation, with a fund of this many pounds that takes applications.
    pub async fn open(house: &House, allocated: u32) -> Self {
        let organisation = house.commands.organisation();
        let as_operator = |command| {
            Request::new(
                Caller::operator(),
                Command::Organisation(organisation, command),
            )
        };
        let found = OrganisationCommand::Found(Found {
            name: text("An anchor"),
            simulated: None,
        });
        house
            .commands
            .issue(as_operator(found))
            .await
            .expect("founded");
        let (ada, ben) = (person(house, "Ada").await, person(house, "Ben").await);
        for founder in [ada, ben] {
            let roles = BTreeSet::from([
                Role::Administrator,
                Role::Officer,
                Role::Finance,
                Role::Panel,
            ]);
            let named = OrganisationCommand::NameFounder(NameFounder {
                person: founder,
                roles,
            });
            house
                .commands
                .issue(as_operator(named))
                .await
                .expect("named");
            signs_in(house, founder).await;
        }
        let question = Question {
            question: text("idea"),
            label: text("What would you like to do?"),
            help: text("A few words."),
            required: true,
            other_languages: std::collections::BTreeMap::new(),
        };
        let sign = Sign {
            sign: text("bringing-people-together"),
            title: text("Bringing people together"),
            meaning: text("People meet."),
        };
        for publish in [
            OrganisationCommand::PublishForm(PublishForm {
                questions: vec![question],
            }),
            OrganisationCommand::AdoptSigns(AdoptSigns { signs: vec![sign] }),
            OrganisationCommand::PublishAgreement(PublishAgreement {
                text: text(AGREEMENT),
            }),
        ] {
            house
                .takes(ada, Command::Organisation(organisation, publish))
                .await;
        }
        let office = Self {
            ada,
            ben,
            fund: FundId(new_id()),
        };
        office.open_fund(house, allocated).await;
        office
    }

    pub async fn open_fund(&self, house: &House, allocated: u32) {
        let areas = BTreeSet::from([text("oldham"), text("stockport")]);
        let create = CreateFund {
            name: text("A fund"),
            purpose: text("To meet"),
            areas,
            rules: rules(),
        };
        let allocate = Allocate {
            source: source(),
            amount: gbp(allocated),
            reference: text("R1"),
            received_on: house.today(),
        };
        let plan = PlanRound {
            round: text("first"),
            name: text("First"),
            opens_on: house.today(),
            closes_on: house.in_days(30),
            form: 1,
        };
        for command in [
            FundCommand::Create(create),
            FundCommand::Allocate(allocate),
            FundCommand::Open(Nothing {}),
            FundCommand::PlanRound(plan),
            FundCommand::OpenRound(RoundOf {
                round: text("first"),
            }),
        ] {
            house
                .takes(self.ada, Command::Fund(self.fund, command))
                .await;
        }
    }

    /// Gives a role, as two administrators do.
    pub async fn gives(&self, house: &House, person: PersonId, role: Role) {
        let organisation = house.commands.organisation();
        for (by, command) in [
            (self.ada, propose(person, role)),
            (self.ben, confirm_role(person, role)),
        ] {
            house
                .takes(by, Command::Organisation(organisation, command))
                .await;
        }
    }

    /// A group with one member.
    pub async fn group(&self, house: &House) -> (GroupId, PersonId) {
        let member = person(house, "Cass").await;
        let group = GroupId(new_id());
        let register = RegisterGroup {
            name: text("Soup and song"),
            area: text("oldham"),
            standing: Standing::New,
            member: None,
        };
        house
            .takes(
                member,
                Command::Group(group, GroupCommand::Register(register)),
            )
            .await;
        (group, member)
    }

    pub async fn draft(&self, house: &House, asked: u32) -> (ApplicationId, GroupId, PersonId) {
        let (group, member) = self.group(house).await;
        let application = ApplicationId(new_id());
        let start = StartApplication {
            fund: self.fund,
            round: text("first"),
            group,
            late: false,
        };
        let answers = Answers {
            requested: Some(gbp(asked)),
            area: Some(text("oldham")),
            activity: Some(text("food")),
            people_at_risk: Some(false),
            answers: std::iter::once((text("idea"), open(ANSWER))).collect(),
        };
        for command in [
            ApplicationCommand::Start(start),
            ApplicationCommand::SaveAnswers(answers),
        ] {
            house
                .takes(member, Command::Application(application, command))
                .await;
        }
        (application, group, member)
    }

    pub async fn submitted(&self, house: &House, asked: u32) -> (ApplicationId, GroupId, PersonId) {
        let (application, group, member) = self.draft(house, asked).await;
        house
            .takes(
                member,
                Command::Application(application, ApplicationCommand::Submit(submit())),
            )
            .await;
        (application, group, member)
    }

    /// An application that only needs a decision.
    pub async fn ready(&self, house: &House, asked: u32) -> (ApplicationId, GroupId, PersonId) {
        let (application, group, member) = self.submitted(house, asked).await;
        let summary = Summary {
            title: text("Soup on Saturdays"),
            description: text("Neighbours cook and eat together."),
        };
        for command in [
            ApplicationCommand::ConfirmEligibility(Nothing {}),
            ApplicationCommand::WriteSummary(summary),
            no_interest(),
        ] {
            house
                .takes(self.ada, Command::Application(application, command))
                .await;
        }
        (application, group, member)
    }

    pub async fn awarded(&self, house: &House, pounds: u32) -> (GrantId, GroupId, PersonId) {
        let (application, group, member) = self.ready(house, pounds).await;
        house
            .takes(self.ada, award(house, application, pounds))
            .await;
        (application.into(), group, member)
    }

    /// A grant whose payments can be prepared; a member keyed its payee.
    pub async fn payable(&self, house: &House, pounds: u32) -> (GrantId, GroupId, PersonId) {
        let (grant, group, member) = self.awarded(house, pounds).await;
        let accept = AcceptAgreement {
            hash: hash_of(AGREEMENT),
            method: Method::Web,
            names: vec![open("Cass"), open("Dee")],
        };
        house
            .takes(
                member,
                Command::Grant(grant, GrantCommand::AcceptAgreement(accept)),
            )
            .await;
        house
            .takes(
                member,
                Command::Group(group, provide_payee("12-34-56 12345678")),
            )
            .await;
        let verify = GroupCommand::VerifyPayee(VerifyPayee {
            payee: 1,
            method: text("A statement was seen"),
        });
        house.takes(self.ada, Command::Group(group, verify)).await;
        house
            .takes(self.ada, Command::Grant(grant, passes("identity")))
            .await;
        (grant, group, member)
    }

    /// A grant with its first payment prepared by Ada.
    pub async fn prepared(&self, house: &House, pounds: u32) -> (GrantId, GroupId, PersonId) {
        let (grant, group, member) = self.payable(house, pounds).await;
        house
            .takes(self.ada, Command::Grant(grant, prepare(pounds)))
            .await;
        (grant, group, member)
    }
}

impl Office {
    /// Completes the prepared payment, up to the bank's confirmation.
    pub async fn paid(&self, house: &House, grant: GrantId) {
        house
            .takes(self.ben, Command::Grant(grant, approve(1)))
            .await;
        let sent = GrantCommand::SendPayment(PaymentOn {
            payment: 1,
            happened_on: house.today(),
        });
        house.takes(self.ben, Command::Grant(grant, sent)).await;
        house
            .takes(self.ben, Command::Grant(grant, confirm(1, house.today())))
            .await;
    }

    /// A paid grant of which some money was returned.
    pub async fn returned(&self, house: &House, pounds: u32, back: u32) -> GrantId {
        let (grant, ..) = self.prepared(house, pounds).await;
        self.paid(house, grant).await;
        house
            .takes(
                self.ada,
                Command::Grant(
                    grant,
                    GrantCommand::DeclareUnderspend(AmountOf { amount: gbp(back) }),
                ),
            )
            .await;
        house
            .takes(
                self.ben,
                Command::Grant(grant, receive_return(back, house.today())),
            )
            .await;
        grant
    }
}

pub fn propose(person: PersonId, role: Role) -> OrganisationCommand {
    OrganisationCommand::ProposeRole(RoleOf { person, role })
}

pub fn confirm_role(person: PersonId, role: Role) -> OrganisationCommand {
    OrganisationCommand::ConfirmRole(ConfirmRole {
        person,
        role,
        proposal: None,
    })
}

/// Signs a person in with a mailed link.
pub async fn signs_in(house: &House, person: PersonId) {
    let state = house
        .log
        .refresh::<Person>(person.0)
        .await
        .expect("a person")
        .state;
    let address = state.email().expect("an address").digest.clone();
    let proven = Command::Person(person, PersonCommand::ProveAddress(MailedTo { address }));
    house
        .commands
        .issue(Request::new(Caller::job(), proven))
        .await
        .expect("an address is proven");
}

pub fn award(house: &House, application: ApplicationId, pounds: u32) -> Command {
    let award = award_of(gbp(pounds), house.in_days(90), house.in_days(120));
    Command::Application(application, ApplicationCommand::Award(award))
}

/// An award of this amount.
pub fn award_of(amount: Money, ends_on: Date, update_due_on: Date) -> Award {
    Award {
        amount,
        reason: None,
        ends_on,
        update_due_on,
        conditions: BTreeMap::new(),
        present: BTreeSet::new(),
    }
}

pub fn no_interest() -> ApplicationCommand {
    ApplicationCommand::Declare(Declare { interest: None })
}

pub fn passes(check: &str) -> GrantCommand {
    GrantCommand::PassCheck(PassCheck {
        check: text(check),
        note: text("Seen."),
        good_until: None,
        evidence: None,
    })
}

pub fn prepare(pounds: u32) -> GrantCommand {
    GrantCommand::PreparePayment(PreparePayment {
        amount: Some(gbp(pounds)),
        instalment: None,
        supplier: None,
    })
}

pub fn confirm(payment: u16, happened_on: Date) -> GrantCommand {
    GrantCommand::ConfirmPayment(ConfirmPayment {
        payment,
        happened_on,
        receipt: None,
    })
}

pub fn receive_return(pounds: u32, received_on: Date) -> GrantCommand {
    GrantCommand::ReceiveReturn(ReceiveReturn {
        owed: Owed::Underspend,
        amount: gbp(pounds),
        received_on,
    })
}

pub fn source() -> Source {
    Source {
        funder: text("health-partnership"),
        area: None,
    }
}

pub fn submit() -> Submit {
    Submit {
        channel: Channel::Web,
        received_on: None,
        late_reason: None,
        help: None,
    }
}

pub fn provide_payee(numbers: &str) -> GroupCommand {
    GroupCommand::ProvidePayee(PayeeTyped::OwnAccount {
        account: Account {
            holder: open("Soup and song"),
            numbers: open(numbers),
        },
    })
}

pub fn approve(payment: u16) -> GrantCommand {
    GrantCommand::ApprovePayment(PaymentOf { payment })
}
