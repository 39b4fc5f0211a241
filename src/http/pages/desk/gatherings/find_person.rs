//! The pages on which staff find a person: to sign them up for a session, as they asked by phone,
//! on paper or in person, and to offer them the lead.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::sessions::{places_text, when_text};
use super::{channel_choices, path_of, runs, session_to_run};
use crate::domain::application::Channel;
use crate::domain::gathering::{AgreedNeeds, LeadRef, SignUp, SignUpWay};
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::parse_email;
use crate::domain::{Command, GatheringCommand, GatheringId, GroupId, PersonCommand, PersonId};
use crate::http::AppState;
use crate::http::pages::desk::action::{Action, ActionSpec, Choices};
use crate::http::pages::desk::find_people::{find_people, may_find_people};
use crate::http::pages::desk::group_members::new_person;
use crate::http::pages::desk::notices::{Done, done_parameter};
use crate::http::pages::desk::submit_command::page_of_form;
use crate::http::pages::desk::{DeskRequest, render_page_at};
use crate::http::pages::form_reader::{FieldErrors, FormReader, parse_phone, value_of_key};
use crate::http::pages::layout::url_encoded;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, Visitor, ownership, see_other,
};
use crate::http::problem::Problem;
use crate::projections::{GatheringRow, GatheringSessionRow};
use crate::views::PersonView;

/// The most people that a search shows.
const FOUND_MAX: usize = 20;
/// The name of the form for someone new.
const NEW: &str = "new-person";

#[derive(Template)]
#[template(path = "desk/gatherings/sign_up.html")]
struct SignUpPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    gathering: GatheringRow,
    session: GatheringSessionRow,
    when: String,
    places: String,
    search: Form,
    searched: bool,
    found: Vec<FoundPerson>,
    /// The form for someone new.
    form: Form,
    channels: Choices,
}

/// A person who was found, with the form that signs them up.
struct FoundPerson {
    person: PersonView,
    form: Form,
    /// The groups for which they may come; empty if they are in none.
    groups: Choices,
}

pub(super) async fn show_sign_up(
    request: &DeskRequest<'_>,
    id: &str,
    number: &str,
) -> Result<HttpResponse, PageError> {
    let (gathering, session) = session_to_run(request, id, number).await?;
    if gathering.sign_up == SignUpWay::Counted || !may_find_people(request) {
        return Err(PageError::not_found());
    }
    let text = request.text("q");
    let forms = request.forms();
    let mut found = Vec::new();
    for person in find_people(request, text, FOUND_MAX).await? {
        let groups = person.groups.iter().map(ToString::to_string);
        let names = request.group_names(groups).await?;
        let groups = if names.is_empty() {
            Vec::new()
        } else {
            super::plan::or_none("For themselves", names.into_iter().collect())
        };
        found.push(FoundPerson {
            form: forms.form(&form_of(PersonId(person.id))),
            person,
            groups,
        });
    }
    let page = SignUpPage {
        page: request.page_context("Sign someone up").await?,
        wrong: forms.error_summary(),
        when: when_text(&session),
        places: places_text(&session, gathering.sign_up),
        search: forms.form("search").prefill("q", text),
        searched: !text.is_empty(),
        form: with_searched(forms.form(NEW), text),
        channels: channel_choices(),
        gathering,
        session,
        found,
    };
    request.render(&page)
}

/// The name of the form that signs up a person who was found.
fn form_of(person: PersonId) -> String {
    format!("sign-up-{person}")
}

/// The form for someone new, filled in with what was searched for.
fn with_searched(form: Form, text: &str) -> Form {
    if parse_email(text).is_ok() {
        form.prefill("email", text)
    } else if parse_phone(text).is_some() {
        form.prefill("telephone", text)
    } else {
        form.prefill("name", text)
    }
}

/// A person whom the form signs up: one who was found, or someone new.
enum SignedUpPerson {
    Known(PersonId),
    New(Box<PersonDetails>),
}

/// What the form says.
struct EnteredSignUp {
    person: SignedUpPerson,
    group: Option<GroupId>,
    needs: Option<AgreedNeeds>,
    channel: Channel,
}

/// Signs a person up, whom it registers first if they are new.
pub(in crate::http::pages::desk) async fn sign_up(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let gathering = ownership::parse_uuid(request.match_info().query("gathering"))?;
    let session = super::parse_number(request.match_info().query("session"))?;
    let entered = match parse(&posted) {
        Ok(entered) => entered,
        Err(wrong) => {
            let rejected = FormErrors::new(posted.text("form"), &posted, wrong);
            return render_page_at(&app, &visitor, &page_of_form(&posted), Some(rejected)).await;
        }
    };
    let person = match entered.person {
        SignedUpPerson::Known(person) => person,
        SignedUpPerson::New(details) => {
            let person = ownership::person_id_of_form(&visitor, &app, &posted);
            let register = Command::Person(person, PersonCommand::Register(*details));
            match ownership::issue(&visitor, &app, &posted, "/person", register).await {
                Ok(_) => person,
                Err(error) => return refused(&app, &visitor, &posted, error).await,
            }
        }
    };
    let command = GatheringCommand::SignUp(SignUp {
        session,
        person,
        group: entered.group,
        needs: entered.needs,
        channel: Some(entered.channel),
    });
    let command = Command::Gathering(GatheringId(gathering), command);
    match ownership::issue(&visitor, &app, &posted, "/sign-up", command).await {
        Ok(receipt) => {
            let done = url_encoded(&done_parameter("sign-up", &posted, &receipt));
            let page = path_of(gathering);
            Ok(see_other(&format!("{page}?done={done}")))
        }
        Err(error) => refused(&app, &visitor, &posted, error).await,
    }
}

/// The page of the form with what was typed and why it was refused.
async fn refused(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    error: PageError,
) -> Result<HttpResponse, PageError> {
    match error {
        PageError::Refused(error) => {
            let problem = Problem::from_command_error(&error);
            let rejected = FormErrors::from_problem(posted, &problem);
            render_page_at(app, visitor, &page_of_form(posted), Some(rejected)).await
        }
        error => Err(error),
    }
}

fn parse(posted: &FormData) -> Result<EnteredSignUp, FieldErrors> {
    let mut form = FormReader::new(posted, Language::En);
    let person = match posted.text("person") {
        "" => new_person(&mut form).map(|details| SignedUpPerson::New(Box::new(details))),
        known => {
            let known = known.parse().ok().map(SignedUpPerson::Known);
            if known.is_none() {
                form.error("person", "Find the person first");
            }
            known
        }
    };
    let group = form.optional(
        "group",
        |text| text.parse::<GroupId>().ok(),
        "Choose the group",
    );
    let words = form.optional_text("needs");
    let consent = posted.text("consent") == "yes";
    if words.is_some() && !consent {
        form.error(
            "consent",
            "Ask them if we may keep what they need, and tick the box. Or leave it out.",
        );
    }
    let channels = [
        ("phone", Channel::Phone),
        ("paper", Channel::Paper),
        ("in_person", Channel::InPerson),
    ];
    let channel = form.required(
        "channel",
        |text| value_of_key(text, channels),
        "Choose how they told us",
    );
    form.finish(person.zip(channel).map(|(person, channel)| EnteredSignUp {
        person,
        group,
        needs: words.map(|words| AgreedNeeds { words, consent }),
        channel,
    }))
}

#[derive(Template)]
#[template(path = "desk/gatherings/lead.html")]
struct OfferLeadPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    gathering: GatheringRow,
    search: Form,
    searched: bool,
    found: Vec<(PersonView, Option<Action>)>,
}

/// The page that offers the lead to someone who is found by name, phone number or email.
pub(super) async fn show_lead(
    request: &DeskRequest<'_>,
    id: &str,
) -> Result<HttpResponse, PageError> {
    let gathering: GatheringRow = request.row(ownership::parse_uuid(id)?).await?;
    if !runs(request, &gathering) || !may_find_people(request) {
        return Err(PageError::forbidden());
    }
    // The form of a person who was found posts to the command, which leads back here.
    let done = request.text("done");
    if Done::parse(done).is_some_and(|done| done.name == "offer-lead") {
        let done = url_encoded(done);
        return Ok(see_other(&format!("{}?done={done}", path_of(gathering.id))));
    }
    let text = request.text("q");
    let forms = request.forms();
    let mut found = Vec::new();
    for person in find_people(request, text, FOUND_MAX).await? {
        let lead = PersonId(person.id);
        let is_known = gathering.is_led_by(lead) || gathering.offered_to == Some(lead);
        let action = if is_known {
            None
        } else {
            let offer = GatheringCommand::OfferLead(LeadRef { person: lead });
            let command = Command::Gathering(GatheringId(gathering.id), offer);
            let spec = ActionSpec::new("Offer the lead", command)
                .form(format!("offer-lead-{lead}"))
                .hidden("person", lead)
                .expanded();
            Some(request.action(&forms, spec).await?)
        };
        found.push((person, action));
    }
    let page = OfferLeadPage {
        page: request.page_context("Offer the lead").await?,
        wrong: forms.error_summary(),
        search: forms.form("search").prefill("q", text),
        searched: !text.is_empty(),
        gathering,
        found,
    };
    request.render(&page)
}
