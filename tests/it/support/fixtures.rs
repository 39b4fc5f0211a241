//! Fixtures: an office of two people with every role, and builders for common records.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use microgrants::clock::new_id;
use microgrants::commands::{Caller, CommandRequest};
use microgrants::domain::application::{
    Channel, DeclareInterest, SaveAnswers, StartApplication, Submit,
};
use microgrants::domain::command::NoBody;
use microgrants::domain::fund::{Allocate, CreateFund, FundTexts, PlanRound, RoundRef, Rules};
use microgrants::domain::funding_source::FundingSource;
use microgrants::domain::grant::{
    ConfirmPayment, PassCheck, PaymentRef, PreparePayment, ReceiveReturn, ReturnReason,
};
use microgrants::domain::group::{GroupMaturity, RegisterGroup};
use microgrants::domain::organisation::{
    AdoptSigns, ConfirmRole, FoundOrganisation, NameFounder, PublishAgreement, PublishForm,
    Question, QuestionKind, RoleRef,
};
use microgrants::domain::outcome::Sign;
use microgrants::domain::panel::Award;
use microgrants::domain::payee::{BankAccount, PayeeInput};
use microgrants::domain::person::{MailedAddress, PersonDetails};
use microgrants::domain::personal_data::PersonalInput;
use microgrants::domain::{
    ApplicationCommand, ApplicationId, Command, FundCommand, FundId, GrantCommand, GrantId,
    GroupCommand, GroupId, Money, OrganisationCommand, Person, PersonCommand, PersonId, Role,
};
use serde_json::{Value, json};

use crate::support::scenario::command_from_json;
use crate::support::steps;
use crate::support::test_app::TestApp;

/// A group's answer on the form.
pub const FORM_ANSWER: &str = "We would cook what we grow behind the church.";

pub const AGREEMENT_TEXT: &str =
    "We spend the money on what we applied for, and tell you what came of it.";

pub fn gbp(pounds: u32) -> Money {
    Money::from_pounds(pounds)
}

pub fn text<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a text of the kind that it stands for")
}

pub fn open(text: &str) -> PersonalInput {
    PersonalInput::Open(text.to_owned())
}

/// Two people with every role but the auditor's, an open fund and its open round.
pub struct Office {
    pub ada: PersonId,
    pub ben: PersonId,
    pub fund: FundId,
}

pub async fn person(app: &TestApp, name: &str) -> PersonId {
    let id = PersonId(new_id());
    let email = Some(open(&format!("{}@example.org", id.0.simple())));
    let register = PersonCommand::Register(PersonDetails {
        name: open(name),
        email,
        telephone: None,
        postal_address: None,
        typed_email: None,
    });
    app.commands
        .execute(CommandRequest::new(
            Caller::operator(),
            Command::Person(id, register),
        ))
        .await
        .expect("a person is registered");
    id
}

/// Changes a person's name, and leaves a phone number as the only way to reach them.
pub async fn reach_by_phone_only(app: &TestApp, person: PersonId, name: &str) {
    let details = PersonDetails {
        name: open(name),
        email: None,
        telephone: Some(open("07700 900233")),
        postal_address: None,
        typed_email: None,
    };
    let change = Command::Person(person, PersonCommand::ChangeContact(details));
    app.issue_ok(person, change).await;
}

/// The commands that publish a form of one question, a sign of success and the agreement.
pub fn publications(sign: Sign) -> [OrganisationCommand; 3] {
    let question = Question {
        question: text("idea"),
        label: text("What would you like to do?"),
        help: Some(text("A few words.")),
        required: true,
        kind: QuestionKind::LongText,
        options: Vec::new(),
        other_languages: BTreeMap::new(),
    };
    [
        OrganisationCommand::PublishForm(PublishForm {
            name: None,
            questions: vec![question],
        }),
        OrganisationCommand::AdoptSigns(AdoptSigns { signs: vec![sign] }),
        OrganisationCommand::PublishAgreement(PublishAgreement {
            text: text(AGREEMENT_TEXT),
        }),
    ]
}

pub fn rules() -> Rules {
    Rules {
        minimum: gbp(500),
        maximum: gbp(2500),
        people_per_payment: 2,
        quorum: 1,
        checks: BTreeSet::from([text("identity")]),
        checks_at_risk: BTreeSet::from([text("safeguarding")]),
        offer_days: 28,
        signers: 2,
        update_every_days: None,
        remind_days: 14,
        payee_wait_days: Some(0),
        confirm_days: None,
        texts: FundTexts::default(),
    }
}

impl Office {
    /// Founds the organisation, with a fund of this many pounds that takes applications.
    pub async fn open(app: &TestApp, allocated: u32) -> Self {
        let organisation = app.commands.organisation();
        let as_operator = |command| {
            CommandRequest::new(
                Caller::operator(),
                Command::Organisation(organisation, command),
            )
        };
        let found = OrganisationCommand::Found(FoundOrganisation {
            name: text("An anchor"),
            simulated: None,
        });
        app.commands
            .execute(as_operator(found))
            .await
            .expect("founded");
        let (ada, ben) = (person(app, "Ada").await, person(app, "Ben").await);
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
            app.commands
                .execute(as_operator(named))
                .await
                .expect("named");
            sign_in(app, founder).await;
        }
        let sign = Sign {
            sign: text("bringing-people-together"),
            title: text("Bringing people together"),
            meaning: text("People meet."),
        };
        for publish in publications(sign) {
            app.issue_ok(ada, Command::Organisation(organisation, publish))
                .await;
        }
        let office = Self {
            ada,
            ben,
            fund: FundId(new_id()),
        };
        office.open_fund(app, allocated).await;
        office
    }

    pub async fn open_fund(&self, app: &TestApp, allocated: u32) {
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
            received_on: app.today(),
        };
        let plan = PlanRound {
            round: text("first"),
            name: text("First"),
            opens_on: app.today(),
            closes_on: app.in_days(30),
            panel_meets_on: None,
            hear_by: None,
            form: 1,
        };
        for command in [
            FundCommand::Create(create),
            FundCommand::Allocate(allocate),
            FundCommand::Open(NoBody {}),
            FundCommand::PlanRound(plan),
            FundCommand::OpenRound(RoundRef {
                round: text("first"),
            }),
        ] {
            app.issue_ok(self.ada, Command::Fund(self.fund, command))
                .await;
        }
    }

    /// Gives a role, as two administrators do.
    pub async fn give_role(&self, app: &TestApp, person: PersonId, role: Role) {
        let organisation = app.commands.organisation();
        for (by, command) in [
            (self.ada, propose(person, role)),
            (self.ben, confirm_role(person, role)),
        ] {
            app.issue_ok(by, Command::Organisation(organisation, command))
                .await;
        }
    }

    /// Changes the fund's rules, as two people do.
    pub async fn change_rules(&self, app: &TestApp, rules: &Value) {
        let body = json!({ "rules": rules });
        for (by, name) in [(self.ada, "propose-rules"), (self.ben, "confirm-rules")] {
            app.issue_ok(by, command_from_json("fund", self.fund.0, name, &body))
                .await;
        }
    }

    /// A group with one member.
    pub async fn group(&self, app: &TestApp) -> (GroupId, PersonId) {
        let member = person(app, "Cass").await;
        let group = GroupId(new_id());
        let register = RegisterGroup {
            name: text("Soup and song"),
            area: text("oldham"),
            standing: GroupMaturity::New,
            member: None,
        };
        app.issue_ok(
            member,
            Command::Group(group, GroupCommand::Register(register)),
        )
        .await;
        (group, member)
    }

    pub async fn draft(&self, app: &TestApp, asked: u32) -> (ApplicationId, GroupId, PersonId) {
        let (group, member) = self.group(app).await;
        let application = self.draft_of(app, group, member, asked).await;
        (application, group, member)
    }

    /// A draft of this group, by its member.
    pub async fn draft_of(
        &self,
        app: &TestApp,
        group: GroupId,
        member: PersonId,
        asked: u32,
    ) -> ApplicationId {
        let application = ApplicationId(new_id());
        let start = StartApplication {
            fund: self.fund,
            round: text("first"),
            group,
            late: false,
        };
        let answers = SaveAnswers {
            requested: Some(gbp(asked)),
            area: Some(text("oldham")),
            activity: Some(text("food")),
            people_at_risk: Some(false),
            answers: std::iter::once((text("idea"), open(FORM_ANSWER))).collect(),
            unfinished: BTreeSet::new(),
        };
        for command in [
            ApplicationCommand::Start(start),
            ApplicationCommand::SaveAnswers(answers),
        ] {
            app.issue_ok(member, Command::Application(application, command))
                .await;
        }
        application
    }

    pub async fn submitted(&self, app: &TestApp, asked: u32) -> (ApplicationId, GroupId, PersonId) {
        let (application, group, member) = self.draft(app, asked).await;
        app.issue_ok(member, steps::submit_on_web(application))
            .await;
        (application, group, member)
    }

    /// An application that only needs a decision.
    pub async fn ready(&self, app: &TestApp, asked: u32) -> (ApplicationId, GroupId, PersonId) {
        let (application, group, member) = self.submitted(app, asked).await;
        for step in [
            steps::confirm_eligibility(application),
            steps::write_summary(application),
            steps::declare_no_interest(application),
        ] {
            app.issue_ok(self.ada, step).await;
        }
        (application, group, member)
    }

    pub async fn awarded(&self, app: &TestApp, pounds: u32) -> (GrantId, GroupId, PersonId) {
        let (application, group, member) = self.ready(app, pounds).await;
        app.issue_ok(self.ada, award(app, application, pounds))
            .await;
        (application.into(), group, member)
    }

    /// An award that Ada recorded, and that names Ben as present. He has not confirmed it.
    pub async fn awarded_with_ben(
        &self,
        app: &TestApp,
        pounds: u32,
    ) -> (GrantId, GroupId, PersonId) {
        let (application, group, member) = self.ready(app, pounds).await;
        app.issue_ok(self.ben, steps::declare_no_interest(application))
            .await;
        let award = steps::award_with(app, application, pounds, &[self.ben]);
        app.issue_ok(self.ada, award).await;
        (application.into(), group, member)
    }

    /// A grant whose payments can be prepared; a member keyed its payee.
    pub async fn payable(&self, app: &TestApp, pounds: u32) -> (GrantId, GroupId, PersonId) {
        let (grant, group, member) = self.awarded(app, pounds).await;
        app.issue_ok(member, steps::accept_agreement(grant)).await;
        self.make_payable(app, grant, group, member).await;
        (grant, group, member)
    }

    /// What is seen before the money of an accepted grant leaves: the payee and the identity.
    pub async fn make_payable(
        &self,
        app: &TestApp,
        grant: GrantId,
        group: GroupId,
        member: PersonId,
    ) {
        app.issue_ok(member, steps::provide_payee(group)).await;
        app.issue_ok(self.ada, steps::verify_payee(group, 1)).await;
        app.issue_ok(self.ada, steps::pass_check(grant, "identity"))
            .await;
    }

    /// A grant with its first payment prepared by Ada.
    pub async fn prepared(&self, app: &TestApp, pounds: u32) -> (GrantId, GroupId, PersonId) {
        let (grant, group, member) = self.payable(app, pounds).await;
        app.issue_ok(self.ada, steps::prepare_payment(grant, pounds))
            .await;
        (grant, group, member)
    }

    /// A grant with its first payment prepared by Ada and approved by Ben.
    pub async fn approved(&self, app: &TestApp, pounds: u32) -> (GrantId, GroupId, PersonId) {
        let (grant, group, member) = self.prepared(app, pounds).await;
        app.issue_ok(self.ben, steps::approve_payment(grant, 1))
            .await;
        (grant, group, member)
    }

    /// Completes the first payment of a grant, up to the bank's confirmation.
    pub async fn paid(&self, app: &TestApp, grant: GrantId) {
        self.complete_payment(app, grant, 1).await;
    }

    /// Completes a prepared payment: Ben approves, sends and confirms it today.
    pub async fn complete_payment(&self, app: &TestApp, grant: GrantId, payment: u16) {
        let today = app.today();
        for step in [
            steps::approve_payment(grant, payment),
            steps::send_payment(grant, payment, today),
            steps::confirm_payment(grant, payment, today),
        ] {
            app.issue_ok(self.ben, step).await;
        }
    }

    /// A paid grant of which some money was returned.
    pub async fn returned(&self, app: &TestApp, pounds: u32, back: u32) -> GrantId {
        let (grant, ..) = self.prepared(app, pounds).await;
        self.paid(app, grant).await;
        app.issue_ok(self.ada, steps::declare_underspend(grant, back))
            .await;
        app.issue_ok(self.ben, steps::receive_return(grant, back, app.today()))
            .await;
        grant
    }
}

pub fn propose(person: PersonId, role: Role) -> OrganisationCommand {
    OrganisationCommand::ProposeRole(RoleRef { person, role })
}

pub fn confirm_role(person: PersonId, role: Role) -> OrganisationCommand {
    OrganisationCommand::ConfirmRole(ConfirmRole {
        person,
        role,
        proposal: None,
    })
}

/// Signs a person in with a mailed link.
pub async fn sign_in(app: &TestApp, person: PersonId) {
    let state = app
        .log
        .refresh::<Person>(person.0)
        .await
        .expect("a person")
        .state;
    let address = state.email().expect("an address").digest.clone();
    let proven = Command::Person(
        person,
        PersonCommand::ProveAddress(MailedAddress { address }),
    );
    app.commands
        .execute(CommandRequest::new(Caller::job(), proven))
        .await
        .expect("an address is proven");
}

pub fn award(app: &TestApp, application: ApplicationId, pounds: u32) -> Command {
    let award = award_of(gbp(pounds), app.in_days(90), app.in_days(120));
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
        summary: None,
        present: BTreeSet::new(),
    }
}

pub fn no_interest() -> ApplicationCommand {
    ApplicationCommand::Declare(DeclareInterest { interest: None })
}

pub fn pass_check(check: &str) -> GrantCommand {
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
        owed: ReturnReason::Underspend,
        amount: gbp(pounds),
        received_on,
    })
}

pub fn source() -> FundingSource {
    FundingSource {
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
    GroupCommand::ProvidePayee(PayeeInput::OwnAccount {
        account: BankAccount {
            roll_number: None,
            holder: open("Soup and song"),
            numbers: open(numbers),
        },
    })
}

pub fn approve(payment: u16) -> GrantCommand {
    GrantCommand::ApprovePayment(PaymentRef { payment })
}
