//! One introduction, for the people whom it concerns. Those who are introduced agree, see who
//! welcomes them, and can change their mind. The group that is asked to welcome someone names a
//! host or declines, and sees what is shared only while the introduction is in force.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use strum::VariantArray as _;

use super::introductions::{EntryNames, OwnPart, part_in, path_of, state_tag};
use super::notices;
use crate::domain::introduction::{
    AgreeToIntroduction, CameTo, DeclineIntroduction, DeclineReason, IntroductionState, SayHow,
    Shared, TakeBackIntroduction, WelcomeIntroduction,
};
use crate::domain::language::Language;
use crate::domain::organisation::NoticePurpose;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GroupId, IntroductionCommand, IntroductionId, PersonId, Refusal};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::i18n::translate;
use crate::http::pages::words::Tag;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::projections::{DirectoryRow, GroupRow, NoticeRow};
use crate::views::{Filter, IntroductionView, Reader};

/// The choices of a field, by value and label.
pub(super) type OwnChoices = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "my/introduction.html")]
struct OwnIntroductionPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    seen: IntroductionView,
    is_host: bool,
    is_group: bool,
    title: String,
    /// The name of the entry.
    entry: String,
    state: Tag,
    /// What the directory says of the entry, while it is listed.
    listed: Option<DirectoryRow>,
    /// What people read or hear before they agree: its version and its words.
    notice: Option<(u32, String)>,
    /// The members of the group that answers, by id and name.
    hosts: OwnChoices,
    /// Who welcomes them.
    host: Option<String>,
    shared: Vec<String>,
    shares: OwnChoices,
    reasons: OwnChoices,
    ways: OwnChoices,
}

/// An introduction that concerns the visitor.
struct LoadedIntroduction {
    seen: IntroductionView,
    part: OwnPart,
}

impl LoadedIntroduction {
    /// Fails with the page that says that there is none, also if the group does not see it any
    /// more: an old link then shows nothing.
    async fn load(
        request: &HttpRequest,
        visitor: &Visitor,
        app: &AppState,
    ) -> Result<Self, PageError> {
        let reader = &visitor.require_signed_in()?.reader;
        let id = ownership::parse_uuid(request.match_info().query("id"))?;
        let seen = app.views.introduction_for(reader, id, None).await?;
        let seen = seen.ok_or_else(PageError::not_found)?;
        let groups = app.views.groups_of(reader.person).await?;
        let part = part_in(&seen.row, reader.person, &groups);
        Ok(Self {
            part: part.ok_or_else(PageError::not_found)?,
            seen,
        })
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let loaded = LoadedIntroduction::load(&request, &visitor, &app).await?;
    let notice = notices::notice(&request, visitor.language);
    render(&visitor, &app, loaded, notice, None).await
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let loaded = LoadedIntroduction::load(&request, &visitor, &app).await?;
    let form = posted.text("form");
    let id = loaded.seen.row.id;
    let (field, says) = match parse_command(&posted, visitor.language) {
        Ok(command) => {
            let command = Command::Introduction(IntroductionId(id), command);
            match ownership::try_execute(&visitor, &app, &posted, command).await? {
                None => return Ok(see_other(&done_path(form, &path_of(id)))),
                Some(refusal) => ("", refusal_text(&refusal, visitor.language)),
            }
        }
        Err(wrong) => wrong,
    };
    let rejected = FormErrors::new(form, &posted, vec![(field.to_owned(), says)]);
    render(&visitor, &app, loaded, None, Some(rejected)).await
}

/// The page after a form. A group that declined does not see the introduction any more.
fn done_path(form: &str, own: &str) -> String {
    match form {
        "agree" => format!("{own}?done=agreed"),
        "take-back" => format!("{own}?done=taken-back"),
        "welcome" => format!("{own}?done=welcomed"),
        "decline" => "/my?done=not-welcomed".to_owned(),
        _ => format!("{own}?done=how"),
    }
}

/// Parses a form into a command, or returns the field with an error and its text.
fn parse_command(
    posted: &FormData,
    language: Language,
) -> Result<IntroductionCommand, (&'static str, String)> {
    let miss = |field, says: &str| (field, translate(says, language).to_owned());
    let unreadable = || miss("form", "We could not read this form. Please try again");
    Ok(match posted.text("form") {
        "agree" => IntroductionCommand::Agree(agreement(posted, language)?),
        "take-back" => IntroductionCommand::TakeBack(TakeBackIntroduction { channel: None }),
        "welcome" => {
            let host: Option<PersonId> = posted.text("host").parse().ok();
            let host = host.ok_or_else(|| miss("host", "Choose who welcomes them"))?;
            IntroductionCommand::Welcome(WelcomeIntroduction {
                host: Some(host),
                host_name: None,
                channel: None,
            })
        }
        "decline" => {
            let reason: Option<DeclineReason> = posted.text("reason").parse().ok();
            let reason = reason.ok_or_else(|| miss("reason", "Choose why"))?;
            IntroductionCommand::Decline(DeclineIntroduction {
                reason,
                channel: None,
            })
        }
        "say-how" => {
            let how: Option<CameTo> = posted.text("how").parse().ok();
            let how = how.ok_or_else(|| miss("how", "Choose how it went"))?;
            IntroductionCommand::SayHow(SayHow { how })
        }
        _ => return Err(unreadable()),
    })
}

/// That the visitor agrees, on the notice of the page.
pub(super) fn agreement(
    posted: &FormData,
    language: Language,
) -> Result<AgreeToIntroduction, (&'static str, String)> {
    let miss = |field, says: &str| (field, translate(says, language).to_owned());
    let notice = posted.text("notice").parse::<u32>();
    let notice =
        notice.map_err(|_| miss("form", "We could not read this form. Please try again"))?;
    let matters = match posted.text("matters") {
        "" => None,
        words => Some(
            PersonalInput::try_from(words.to_owned())
                .map_err(|_| miss("matters", "Write it in fewer words"))?,
        ),
    };
    let shares: BTreeSet<Shared> = posted
        .all("shares")
        .filter_map(|key| key.parse().ok())
        .collect();
    if shares.contains(&Shared::Matters) && matters.is_none() {
        let says = "Write what matters to you, or leave it out of what you share";
        return Err(miss("matters", says));
    }
    Ok(AgreeToIntroduction {
        notice,
        channel: None,
        read_back: false,
        matters,
        shares,
    })
}

/// A refusal in the words of the people whom it concerns.
pub(super) fn refusal_text(refusal: &Refusal, language: Language) -> String {
    let says = match refusal {
        Refusal::TakenBack => "They have changed their mind. There is nothing more to answer.",
        Refusal::IntroductionNotInState(_) => {
            "This has already been answered. Phone us if it is not right."
        }
        Refusal::AddressUnproven => {
            "First open the link in the email that we sent you. If you have no email, phone us."
        }
        Refusal::NoticeOutOfDate => {
            "What we tell people has changed since you opened this page. Please read it again."
        }
        Refusal::HostMissing => "Choose who welcomes them",
        other => return refusal_says(other, language),
    };
    translate(says, language).to_owned()
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    loaded: LoadedIntroduction,
    notice: Option<String>,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let LoadedIntroduction { seen, part } = loaded;
    let language = visitor.language;
    let is_host = part == OwnPart::Host;
    let row = &seen.row;
    let names = EntryNames::of(app, std::slice::from_ref(row)).await?;
    let entry = names.entry(row, language);
    let title = if is_host {
        names.guest(&seen, language)
    } else {
        entry.clone()
    };
    let asks = row.state == IntroductionState::Made && is_host;
    let mut hosts = if asks {
        members_of(app, row.holder).await?
    } else {
        Vec::new()
    };
    // Nobody is welcomed by themselves.
    hosts.retain(|(id, _)| row.person.is_none_or(|person| person.to_string() != *id));
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, app, &title).await?;
    shell.back = Some("/my".to_owned());
    shell.notice = notice;
    shell.has_errors = !wrong.is_empty();
    let page = OwnIntroductionPage {
        page: shell,
        forms,
        wrong,
        is_host,
        is_group: row.group.is_some(),
        title,
        entry,
        state: state_tag(row.state, part, language),
        listed: app.views.listed_entry(row.to.0, None).await?,
        notice: newest_notice(app, language).await?,
        hosts,
        host: host_name(app, &seen).await?,
        shared: shared_words(&row.shares, is_host, language),
        shares: share_choices(row.group.is_some(), language),
        reasons: reason_choices(language),
        ways: way_choices(is_host, language),
        seen,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

/// The notice that is in force: its version and its words.
pub(super) async fn newest_notice(
    app: &AppState,
    language: Language,
) -> Result<Option<(u32, String)>, PageError> {
    let purpose = <&str>::from(NoticePurpose::Introductions);
    let of = vec![Filter::equals("purpose", purpose)];
    let rows: Vec<NoticeRow> = app.views.all_rows(None, of).await?;
    let newest = rows.into_iter().max_by_key(|row| row.version);
    Ok(newest.map(|row| (row.version, row.text_in(language).to_owned())))
}

/// The members of a group, or of the group that it was merged into, by id and name.
async fn members_of(app: &AppState, group: Option<GroupId>) -> Result<OwnChoices, PageError> {
    let mut next = group;
    let mut found: Option<GroupRow> = None;
    while let Some(id) = next {
        found = app.views.find(id, None).await?;
        next = found.as_ref().and_then(|group| group.merged_into);
    }
    let Some(group) = found else {
        return Ok(Vec::new());
    };
    let ids = group.members.iter().map(ToString::to_string).collect();
    let rows = app.views.people(ids).await?;
    // Members of a group know each other's names.
    let people = app.views.decrypt_people(&Reader::service(), rows).await?;
    let mut hosts: OwnChoices = people
        .into_iter()
        .filter_map(|person| person.name.map(|name| (person.id.to_string(), name)))
        .collect();
    hosts.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(hosts)
}

/// Who welcomes them: a member of the group, or somebody by name. They said yes to being asked for
/// at the door.
async fn host_name(app: &AppState, seen: &IntroductionView) -> Result<Option<String>, PageError> {
    let Some(host) = seen.row.host else {
        return Ok(seen.host_name.clone());
    };
    let rows = app.views.people(vec![host.to_string()]).await?;
    let people = app.views.decrypt_people(&Reader::service(), rows).await?;
    Ok(people.into_iter().next().and_then(|person| person.name))
}

fn shared_word(what: Shared, is_host: bool) -> &'static str {
    match (what, is_host) {
        (Shared::Name, false) => "Your name",
        (Shared::Telephone, false) => "Your phone number",
        (Shared::Email, false) => "Your email",
        (Shared::Matters, false) => "What matters to you",
        (Shared::Name, true) => "Their name",
        (Shared::Telephone, true) => "Their phone number",
        (Shared::Email, true) => "Their email",
        (Shared::Matters, true) => "What matters to them",
    }
}

fn shared_words(shares: &BTreeSet<Shared>, is_host: bool, language: Language) -> Vec<String> {
    let word = |what: &Shared| translate(shared_word(*what, is_host), language).to_owned();
    shares.iter().map(word).collect()
}

/// What they can share. A group has no contact details of its own here.
pub(super) fn share_choices(is_group: bool, language: Language) -> OwnChoices {
    let shared = Shared::VARIANTS.iter();
    let shared = shared.filter(|what| !is_group || **what == Shared::Matters);
    shared
        .map(|what| pair((*what).into(), shared_word(*what, false), language))
        .collect()
}

fn reason_choices(language: Language) -> OwnChoices {
    let word = |reason: &DeclineReason| match reason {
        DeclineReason::Full => "We have no room now",
        DeclineReason::NoHost => "None of us can welcome them",
        DeclineReason::NotRight => "We are not right for them",
        DeclineReason::Other => "Another reason",
    };
    let reasons = DeclineReason::VARIANTS.iter();
    reasons
        .map(|reason| pair((*reason).into(), word(reason), language))
        .collect()
}

/// What can have come of it, in the words of those who came or of those who welcomed them.
fn way_choices(is_host: bool, language: Language) -> OwnChoices {
    let word = |how: &CameTo| match (how, is_host) {
        (CameTo::Went, false) => "I went",
        (CameTo::GoesOn, false) => "I keep going",
        (CameTo::DidNotGo, false) => "I did not go",
        (CameTo::Stopped, false) => "I went for a while",
        (CameTo::Went, true) => "They came",
        (CameTo::GoesOn, true) => "They keep coming",
        (CameTo::DidNotGo, true) => "They did not come",
        (CameTo::Stopped, true) => "They came for a while",
    };
    let ways = CameTo::VARIANTS.iter();
    ways.map(|how| pair((*how).into(), word(how), language))
        .collect()
}

fn pair(key: &'static str, label: &str, language: Language) -> (String, String) {
    (key.to_owned(), translate(label, language).to_owned())
}
