//! Assisted entry: an officer enters an application that came on paper, by telephone or in person.
//! The officer looks for the group first, so that no group is on record twice. A new group with the
//! name of a known one is asked about again.
//!
//! # Submitting again
//!
//! One form becomes several commands: person, group, application, answers, submission. If one is
//! refused, the form is shown again and can be submitted again: records that exist are found by
//! idempotency keys made of the form's id (`began`), and updated to what the form contains now. A
//! value that cannot be changed any more is reported at its field.
//!
//! # Drafts
//!
//! A half-typed form is saved as an application that is not sent, and continued by its id. The form
//! for a group on record takes the scan of the paper form; a new group is on record once the draft
//! is saved.

mod draft;
mod find;
mod parse;
mod record;
mod scans;

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use self::draft::EntryDraft;
pub(super) use self::draft::{can_be_continued, draft_path};
use self::find::{FoundGroup, KnownGroup};
use self::parse::{COPIED, parse_entry, saves_draft};
use self::record::{EntryError, record_entry};
use super::DeskRequest;
use super::papers::Papers;
use crate::clock;
use crate::commands::CommandError;
use crate::domain::Role;
use crate::domain::file::{FileDigest, FilePurpose};
use crate::domain::fund::{FundState, RoundState};
use crate::domain::language::{Language, SPOKEN_LANGUAGES, english_name};
use crate::domain::organisation::{AreaLanguage, Question};
use crate::http::AppState;
use crate::http::pages::apply::answer_files::{AnswerFiles, with_files};
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::question_field::{self, QuestionField};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, Visitor, components,
    file_upload, ownership, see_other,
};
use crate::http::problem::Problem;
use crate::projections::{FileRow, FundRow, RoundRow};

const CHANNELS: [(&str, &str); 3] = [
    ("paper", "On paper"),
    ("phone", "By phone"),
    ("in_person", "In person"),
];

const HELPS: [(&str, &str); 3] = [
    (
        "read_back",
        "I typed what they said, and read it back to them",
    ),
    (COPIED, "I copied what is on the paper, and added its scan"),
    (
        "helped_to_word",
        "I helped with the wording, so I have a conflict of interest",
    ),
];

const LANGUAGES: [(&str, &str); 2] = [("en", "English"), ("pl", "Polish")];

const STANDINGS: [(&str, &str); 2] = [
    ("new", "It is a new group"),
    ("existing", "It has been going for a while"),
];

const YES_NO: [(&str, &str); 2] = [("yes", "Yes"), ("no", "No")];

/// The field with the scan of the paper form.
const SCAN: &str = "scan";

/// Choosing the round, and finding the group.
#[derive(Template)]
#[template(path = "desk/keyed_group.html")]
struct FindGroupPage {
    page: PageContext,
    rounds: Vec<RoundChoice>,
    /// The chosen round, or the only one that is open.
    round: String,
    text: String,
    /// Whether the search has a round and a text.
    searched: bool,
    found: Vec<FoundGroup>,
}

/// A round that an application can be for.
struct RoundChoice {
    value: String,
    name: String,
    row: RoundRow,
}

impl RoundChoice {
    fn is_open(&self) -> bool {
        self.row.state == RoundState::Open
    }
}

#[derive(Template)]
#[template(path = "desk/keyed.html")]
struct AssistedEntryPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    began: String,
    round: RoundChoice,
    group: Option<KnownGroup>,
    /// The id of the draft that the form continues; empty for a new entry.
    draft: String,
    /// The digests of the scans that are added already, and the scans as a list.
    scans: Vec<String>,
    papers: Papers,
    /// Groups on record with the name that was entered for a new one.
    same_name: Vec<(String, String)>,
    areas: Vec<(String, String)>,
    standings: Vec<(String, String)>,
    activities: Vec<(String, String)>,
    channels: Vec<(String, String)>,
    helps: Vec<(String, String)>,
    languages: Vec<(String, String)>,
    /// Names of languages, suggested for the one that they speak.
    spoken_languages: Vec<String>,
    yes_no: Vec<(String, String)>,
    questions: Vec<QuestionField>,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.roles.contains(&Role::Officer) {
        return Err(PageError::forbidden());
    }
    let draft = request.text("draft");
    if !draft.is_empty() {
        return show_draft(request, draft).await;
    }
    let rounds = round_choices(&request.funds().await?);
    let chosen = request.text("round");
    let (group, text) = (request.text("group"), request.text("q"));
    let place = chosen.split_once('/');
    match (place, group) {
        (Some(place), group) if !group.is_empty() => {
            show_form(request, place, (group, text), None).await
        }
        _ => show_search(request, rounds, chosen, text).await,
    }
}

async fn show_search(
    request: &DeskRequest<'_>,
    rounds: Vec<RoundChoice>,
    chosen: &str,
    text: &str,
) -> Result<HttpResponse, PageError> {
    // The open rounds come first, the newest before the others.
    let newest = rounds.first().filter(|round| round.is_open());
    let round = match (chosen, newest) {
        ("", Some(newest)) => newest.value.clone(),
        _ => chosen.to_owned(),
    };
    let searched = !chosen.is_empty() && !text.is_empty();
    let found = if searched {
        find::groups_like(request, text).await?
    } else {
        Vec::new()
    };
    let page = FindGroupPage {
        page: request.page_context(TITLE).await?,
        rounds,
        round,
        text: text.to_owned(),
        searched,
        found,
    };
    request.render(&page)
}

const TITLE: &str = "Add an application taken by phone or on paper";

/// The form with a draft. A draft that was sent meanwhile leads to its page.
async fn show_draft(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let Some(draft) = EntryDraft::load(request, id).await? else {
        return Ok(see_other(&format!("/desk/applications/{id}")));
    };
    let row = &draft.seen.row;
    let (fund, round) = (row.fund.to_string(), row.round.to_string());
    let group = row.group.to_string();
    show_form(request, (&fund, &round), (&group, ""), Some(&draft)).await
}

/// The form for a round and a group: its id, or "new" and the name that was looked for.
async fn show_form(
    request: &DeskRequest<'_>,
    (fund, key): (&str, &str),
    (group, text): (&str, &str),
    draft: Option<&EntryDraft>,
) -> Result<HttpResponse, PageError> {
    let fields = RoundFields::load(request, (fund, key), draft).await?;
    let group = match group {
        "new" => None,
        id => Some(find::known_group(request, id).await?),
    };
    let forms = request.forms();
    let mut form = forms
        .form("keyed")
        .prefill("round", &fields.round.value)
        .prefill("group", text);
    // The draft's values are filled in first, so that they count as typed.
    if let Some(draft) = draft {
        form = draft.prefill(form);
    }
    if let Some(group) = &group {
        form = form.prefill("area", &group.area);
    }
    let scans = attached_scans(request, group.as_ref(), draft).await?;
    let owner = group.as_ref().map(|group| group.id).unwrap_or_default();
    let mut questions = fields.questions;
    for field in &mut questions {
        let files = AnswerFiles::at_desk(request.app, owner, &field.value).await?;
        (field.files, field.takes_files) = (files.links, group.is_some());
    }
    let mut helps = labelled_choices(&HELPS);
    helps.retain(|(help, _)| group.is_some() || help != COPIED);
    let page = AssistedEntryPage {
        page: request.page_context(TITLE).await?,
        wrong: forms.error_summary(),
        same_name: same_name_choices(request, &form).await?,
        form,
        began: form_id(request),
        round: fields.round,
        draft: draft.map_or_else(String::new, |draft| draft.seen.row.id.to_string()),
        papers: Papers::of(&request.signed.reader, owner, &scans, request.today()),
        scans: scans.iter().map(|scan| scan.file.to_string()).collect(),
        group,
        areas: fields.areas,
        standings: labelled_choices(&STANDINGS),
        activities: fields.activities,
        channels: labelled_choices(&CHANNELS),
        helps,
        languages: labelled_choices(&LANGUAGES),
        spoken_languages: spoken_languages(request).await?,
        yes_no: labelled_choices(&YES_NO),
        questions,
    };
    request.render(&page)
}

/// The scans that are added to the form already: those that a rejected form names, or those of its
/// draft.
async fn attached_scans(
    request: &DeskRequest<'_>,
    group: Option<&KnownGroup>,
    draft: Option<&EntryDraft>,
) -> Result<Vec<FileRow>, PageError> {
    let of_draft = draft.map(|draft| draft.scans.clone());
    match (&request.rejected, group) {
        (Some(rejected), Some(group)) => {
            let typed = FormData::new(rejected.values.clone());
            scans::named(request.app, group.id, typed.all(scans::KEPT)).await
        }
        _ => Ok(of_draft.unwrap_or_default()),
    }
}

/// Names of languages: first those of the area, then others in the order of the alphabet.
async fn spoken_languages(request: &DeskRequest<'_>) -> Result<Vec<String>, PageError> {
    let own = super::texts::organisation(request).await?;
    let of_area = own
        .settings
        .map(|settings| settings.values.languages)
        .unwrap_or_default();
    let name = |language: &AreaLanguage| match english_name(language.tag.as_str()) {
        Some(name) => name.to_owned(),
        None => language.own_name.to_string(),
    };
    let mut names: Vec<String> = of_area.iter().map(name).collect();
    for (_, name) in SPOKEN_LANGUAGES {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// The groups with the name that was entered, if the form was refused for it.
async fn same_name_choices(
    request: &DeskRequest<'_>,
    form: &Form,
) -> Result<Vec<(String, String)>, PageError> {
    if form.error_of("found").is_none() && form.value("found") != "another" {
        return Ok(Vec::new());
    }
    let rows = request
        .app
        .views
        .groups_of_name(form.value("group"))
        .await?;
    let mut choices: Vec<(String, String)> = find::described(request, rows)
        .await?
        .into_iter()
        .map(|group| {
            let label = format!("It is {} ({})", group.name, group.about);
            (group.id.to_string(), label)
        })
        .collect();
    choices.push((
        "another".to_owned(),
        "It is another group with the same name".to_owned(),
    ));
    Ok(choices)
}

/// The rounds that a form can be for. A round after its deadline is one of them: a form can be
/// keyed in late. Those that are open come first.
fn round_choices(funds: &[FundRow]) -> Vec<RoundChoice> {
    let mut rounds = Vec::new();
    for fund in funds.iter().filter(|fund| fund.state == FundState::Open) {
        for (key, round) in &fund.rounds {
            if !matches!(round.state, RoundState::Planned | RoundState::Completed) {
                rounds.push(RoundChoice::new(fund, key.as_str(), round));
            }
        }
    }
    rounds.sort_by_key(|round| (!round.is_open(), std::cmp::Reverse(round.row.closes_on)));
    rounds
}

impl RoundChoice {
    fn new(fund: &FundRow, key: &str, row: &RoundRow) -> Self {
        Self {
            value: format!("{}/{key}", fund.id),
            name: format!("{}: {}", fund.name, row.name),
            row: row.clone(),
        }
    }
}

/// What a round adds to the form: the fund's areas, and the questions by field name, label and
/// help.
struct RoundFields {
    round: RoundChoice,
    areas: Vec<(String, String)>,
    activities: Vec<(String, String)>,
    questions: Vec<QuestionField>,
}

impl RoundFields {
    async fn load(
        request: &DeskRequest<'_>,
        (fund, key): (&str, &str),
        draft: Option<&EntryDraft>,
    ) -> Result<Self, PageError> {
        let (fund, round) = ownership::fund_and_round(request.app, fund, key).await?;
        let questions = ownership::form_questions(request.app, round.form).await?;
        let themes = ThemeNames::load(request.app).await?;
        Ok(Self {
            areas: fund
                .areas
                .iter()
                .map(|area| (area.to_string(), place_name(area.as_str())))
                .collect(),
            activities: themes.choices(&fund.rules.texts, Language::En),
            questions: questions
                .iter()
                .map(|question| {
                    let saved = draft.and_then(|draft| draft.answers.get(&question.question));
                    question_field(request, question, saved)
                })
                .collect(),
            round: RoundChoice::new(&fund, key, &round),
        })
    }
}

/// The field of a question, with what was entered in it if the form was rejected, or else with what
/// is saved.
fn question_field(
    request: &DeskRequest<'_>,
    question: &Question,
    saved: Option<&String>,
) -> QuestionField {
    let name = format!("q-{}", question.question);
    let saved = saved.filter(|_| request.rejected.is_none());
    let rejected = request.rejected.clone().unwrap_or_default();
    let error = rejected
        .errors
        .iter()
        .find(|(field, _)| *field == name)
        .map(|(_, says)| says.clone());
    let typed = match saved {
        Some(saved) => saved.clone(),
        None => question_field::entered(&FormData::new(rejected.values), &name),
    };
    let id = components::field_id("keyed", &name);
    QuestionField::new(question, id, &name, &typed, Language::En).with_error(error.as_deref())
}

/// The form's id: that of the rejected form, or a new one.
fn form_id(request: &DeskRequest<'_>) -> String {
    request
        .rejected
        .as_ref()
        .and_then(|rejected| rejected.values.iter().find(|(name, _)| name == "began"))
        .map_or_else(|| clock::new_id().to_string(), |(_, id)| id.clone())
}

fn labelled_choices(labels: &[(&str, &str)]) -> Vec<(String, String)> {
    labels
        .iter()
        .map(|(key, label)| ((*key).to_owned(), (*label).to_owned()))
        .collect()
}

pub(super) async fn submit_entry(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    submit(&app, &visitor, &posted, (&[], Vec::new())).await
}

/// Submits the form for a group on record, which can have scans. A scan stays attached if the form
/// is rejected.
pub(super) async fn submit_with_scans(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (group, uploaded) = file_upload::read_at_desk(&request, body, &visitor, &app).await?;
    if uploaded.posted.text("found") != group.to_string() {
        uploaded.discard(&app).await?;
        return Err(PageError::not_found());
    }
    let mut kept = scans::named(&app, group, uploaded.posted.all(scans::KEPT)).await?;
    let dropped: Vec<&str> = uploaded.posted.all(scans::DROPPED).collect();
    kept.retain(|scan| !dropped.contains(&scan.file.to_string().as_str()));
    let purpose = |field: &str| match field {
        SCAN => FilePurpose::Scan,
        _ => FilePurpose::Enclosure,
    };
    let stored = uploaded
        .record_named(&visitor, &app, (group, None), purpose)
        .await?;
    let posted = with_files(&uploaded.posted, &stored);
    let new = stored.into_iter().filter(|(field, _)| field == SCAN);
    let kept = kept.into_iter().map(|scan| scan.file);
    let scans: Vec<FileDigest> = new.map(|(_, file)| file).chain(kept).collect();
    let unread = uploaded.file_error.iter();
    let wrong = unread.map(|error| (SCAN.to_owned(), error.to_string()));
    submit(&app, &visitor, &posted, (&scans, wrong.collect())).await
}

/// Records the form. `wrong` are the errors of its scans.
async fn submit(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    (scans, mut wrong): (&[FileDigest], FieldErrors),
) -> Result<HttpResponse, PageError> {
    let recorded = match parse_entry(posted, visitor.person()?, scans.first()) {
        Ok(entry) if wrong.is_empty() => record_entry(app, visitor, posted, entry).await,
        Ok(_) => Err(EntryError::Fields(wrong)),
        Err(more) => {
            wrong.extend(more);
            Err(EntryError::Fields(wrong))
        }
    };
    let mut rejected = match recorded {
        Ok(id) if saves_draft(posted) => {
            return Ok(see_other(&format!("{}&done=draft-saved", draft_path(id))));
        }
        Ok(id) => return Ok(see_other(&format!("/desk/applications/{id}?done=keyed-in"))),
        Err(EntryError::Fields(wrong)) => FormErrors::new("keyed", posted, wrong),
        Err(EntryError::Page(PageError::Refused(CommandError::KeyReused))) => {
            let says = "This was sent already, with other answers. Find the group to correct what \
                was sent";
            FormErrors::new("keyed", posted, vec![(String::new(), says.to_owned())])
        }
        Err(EntryError::Page(PageError::Refused(error))) => {
            FormErrors::from_problem(posted, &Problem::from_command_error(&error))
        }
        Err(EntryError::Page(error)) => return Err(error),
    };
    rejected.values.retain(|(name, _)| name != scans::KEPT);
    let attached = scans
        .iter()
        .map(|scan| (scans::KEPT.to_owned(), scan.to_string()));
    rejected.values.extend(attached);
    super::render_page_at(app, visitor, &form_path(posted), Some(rejected)).await
}

/// The address of the page that a form was submitted from.
fn form_path(posted: &FormData) -> String {
    if let Ok(draft) = posted.text("draft").parse::<uuid::Uuid>() {
        return draft_path(draft);
    }
    let known = posted.text("found").parse::<uuid::Uuid>().is_ok();
    let group = if known { posted.text("found") } else { "new" };
    let places = [("round", posted.text("round")), ("group", group)];
    let query = serde_html_form::to_string(places).unwrap_or_default();
    format!("/desk/applications/new?{query}")
}
