//! Parsing the form of a conversation, and recording it: the person if they are new, the
//! introduction, and their agreement.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use uuid::Uuid;

use super::path_of;
use crate::domain::application::Channel;
use crate::domain::asset::Party;
use crate::domain::introduction::{AgreeToIntroduction, AskIntroduction, Shared};
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::{
    AssetId, Command, GroupId, IntroductionCommand, IntroductionId, PersonCommand, PersonId,
};
use crate::http::AppState;
use crate::http::pages::desk::group_members::new_person;
use crate::http::pages::desk::notices::done_parameter;
use crate::http::pages::desk::render_page_at;
use crate::http::pages::desk::submit_command::page_of_form;
use crate::http::pages::form_reader::{FieldErrors, FormReader, value_of_key};
use crate::http::pages::layout::url_encoded;
use crate::http::pages::{
    FormData, FormErrors, PageError, PostedForm, Visitor, ownership, see_other,
};
use crate::http::problem::Problem;

/// Who is introduced: a person or a group that was found, or someone new.
enum TalkedWith {
    Known(Party),
    New(Box<PersonDetails>),
}

/// What the form says.
struct EnteredTalk {
    with: TalkedWith,
    to: AssetId,
    at_risk: bool,
    agreed: Option<AgreeToIntroduction>,
}

pub(in crate::http::pages::desk) async fn submit(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    if !visitor.require_staff()?.reader.works_with_people() {
        return Err(PageError::forbidden());
    }
    let entered = match parse(&posted) {
        Ok(entered) => entered,
        Err(wrong) => return rejected(&app, &visitor, &posted, wrong).await,
    };
    // Nobody is registered for an entry that cannot welcome them.
    let entry = app.views.listed_entry(entered.to.0, None).await?;
    if !entry.is_some_and(|entry| entry.welcomes) {
        let says = "They do not welcome people just now. Choose another one.".to_owned();
        let wrong = vec![("to".to_owned(), says)];
        return rejected(&app, &visitor, &posted, wrong).await;
    }
    match record(&app, &visitor, &posted, entered).await {
        Err(PageError::Refused(error)) => {
            let problem = Problem::from_command_error(&error);
            let rejected = FormErrors::from_problem(&posted, &problem);
            render_page_at(&app, &visitor, &page_of_form(&posted), Some(rejected)).await
        }
        other => other,
    }
}

/// The page with what was typed and what is wrong with it.
async fn rejected(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    wrong: FieldErrors,
) -> Result<HttpResponse, PageError> {
    let rejected = FormErrors::new(posted.text("form"), posted, wrong);
    render_page_at(app, visitor, &page_of_form(posted), Some(rejected)).await
}

async fn record(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    entered: EnteredTalk,
) -> Result<HttpResponse, PageError> {
    let of = match entered.with {
        TalkedWith::Known(party) => party,
        TalkedWith::New(details) => {
            let person = ownership::person_id_of_form(visitor, app, posted);
            let register = Command::Person(person, PersonCommand::Register(*details));
            ownership::issue(visitor, app, posted, "/person", register).await?;
            Party::Person(person)
        }
    };
    let introduction = introduction_of_form(visitor, app, posted);
    let command = |command| Command::Introduction(introduction, command);
    let ask = IntroductionCommand::Ask(AskIntroduction {
        of,
        to: entered.to,
        at_risk: entered.at_risk,
    });
    let mut receipt = ownership::issue(visitor, app, posted, "/ask", command(ask)).await?;
    let mut done = "ask";
    if let Some(agreed) = entered.agreed {
        let agree = command(IntroductionCommand::Agree(agreed));
        match ownership::issue(visitor, app, posted, "/agree", agree).await {
            Ok(recorded) => (receipt, done) = (recorded, "agree"),
            // What they asked for is saved. Its page has the form once more.
            Err(PageError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let done = url_encoded(&done_parameter(done, posted, &receipt));
    let page = path_of(introduction.0);
    Ok(see_other(&format!("{page}?done={done}")))
}

/// The id of the new introduction, derived from the form's key and the session: pressing the button
/// twice asks once.
fn introduction_of_form(visitor: &Visitor, app: &AppState, posted: &FormData) -> IntroductionId {
    let name = format!("talks/{}/{}", posted.text("key"), visitor.digest(app));
    IntroductionId(Uuid::new_v5(
        &app.commands.organisation().0,
        name.as_bytes(),
    ))
}

fn parse(posted: &FormData) -> Result<EnteredTalk, FieldErrors> {
    let mut form = FormReader::new(posted, Language::En);
    let with = match (posted.text("person"), posted.text("group")) {
        ("", "") => new_person(&mut form).map(|details| TalkedWith::New(Box::new(details))),
        (person, "") => {
            let person = person.parse::<PersonId>().ok();
            person.map(|person| TalkedWith::Known(Party::Person(person)))
        }
        (_, group) => {
            let group = group.parse::<GroupId>().ok();
            group.map(|group| TalkedWith::Known(Party::Group(group)))
        }
    };
    let is_picked = !posted.text("person").is_empty() || !posted.text("group").is_empty();
    if with.is_none() && is_picked {
        form.error("name", "Find the person or the group first");
    }
    let to = form.required(
        "to",
        |text| text.parse::<AssetId>().ok(),
        "Choose where they would like to go",
    );
    let agreed = match posted.text("agreed") {
        "yes" => agreement(posted, &mut form).map(Some),
        "no" => Some(None),
        _ => {
            form.error("agreed", "Choose if they agree");
            None
        }
    };
    let whole = with.zip(to).zip(agreed);
    form.finish(whole.map(|((with, to), agreed)| EnteredTalk {
        with,
        to,
        at_risk: posted.text("at_risk") == "yes",
        agreed,
    }))
}

/// That they agree: how we know, what was read back to them, and what they share.
fn agreement(posted: &FormData, form: &mut FormReader<'_>) -> Option<AgreeToIntroduction> {
    let notice = posted.text("notice").parse::<u32>().ok();
    if notice.is_none() {
        form.error("agreed", "Read them the notice first");
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
    let read_back = posted.text("read_back") == "yes";
    if matches!(channel, Some(Channel::Phone | Channel::InPerson)) && !read_back {
        form.error(
            "read_back",
            "Read back what you noted, and tick the box if they say yes",
        );
    }
    let matters = form.optional_text("matters");
    let shares: BTreeSet<Shared> = posted
        .all("shares")
        .filter_map(|key| key.parse().ok())
        .collect();
    if shares.contains(&Shared::Matters) && posted.text("matters").is_empty() {
        form.error(
            "matters",
            "Write what matters to them, or leave it out of what they share",
        );
    }
    Some(AgreeToIntroduction {
        notice: notice?,
        channel: Some(channel?),
        read_back,
        matters,
        shares,
    })
}
