//! The page of the organisation's settings: those in force, a proposal that waits for a second
//! administrator, and the form to change them.

use std::collections::{BTreeMap, BTreeSet};

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use bytes::Bytes;
use strum::VariantArray as _;

use super::action::{Action, ActionSpec, sample};
use super::{DeskRequest, render_page_at, setup, submit_command};
use crate::domain::command::ProposalRef;
use crate::domain::file::FileDigest;
use crate::domain::language::Language;
use crate::domain::organisation::{
    AreaLanguage, LANGUAGES_MAX, MailEncryption, MailServer, OfficePhone, RefuseSettings, Sending,
    Settings, WritingDirection,
};
use crate::domain::{Command, Organisation, OrganisationCommand as C, Role};
use crate::files::{FileError, parse_answer};
use crate::http::AppState;
use crate::http::api::{RESOURCES, commands};
use crate::http::pages::site::text_of;
use crate::http::pages::theme;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PageForms, Visitor, kept_form, multipart,
};
use crate::projections::OrganisationRow;
use crate::sandbox::Upload;

const PAGE_PATH: &str = "/desk/settings";
const FORM: &str = "settings";
/// Empty rows for further languages.
const ROWS_FOR_MORE: usize = 2;

#[derive(Template)]
#[template(path = "desk/settings.html")]
struct SettingsPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    facts: Vec<Fact>,
    languages: Vec<AreaLanguage>,
    proposed: Option<ProposedSettingsView>,
    /// The form, for administrators.
    form: Option<SettingsForm>,
}

/// A setting by its label.
struct Fact {
    label: &'static str,
    value: String,
}

struct ProposedSettingsView {
    by: String,
    changes: Vec<ChangedSetting>,
    /// The addresses of the logos in force and proposed, if they differ.
    logo: Option<(Option<String>, Option<String>)>,
    acts: Vec<Action>,
}

struct ChangedSetting {
    label: &'static str,
    before: String,
    after: String,
}

struct SettingsForm {
    form: Form,
    /// Whether one administrator sets them alone, because there is no second one yet.
    alone: bool,
    logo: Option<String>,
    /// The fields for the opening hours in other languages, by name and label.
    hours: Vec<(String, String)>,
    languages: Vec<LanguageInputs>,
    directions: Vec<(String, String)>,
}

/// The names of the fields of one language.
struct LanguageInputs {
    tag: String,
    own_name: String,
    direction: String,
    line: String,
    checked: String,
}

impl LanguageInputs {
    fn new(row: usize) -> Self {
        let name = |field: &str| format!("languages.{row}.{field}");
        Self {
            tag: name("tag"),
            own_name: name("own_name"),
            direction: name("direction"),
            line: name("line"),
            checked: name("checked:yes-no"),
        }
    }
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let own = super::texts::organisation(request).await?;
    let forms = request.forms();
    let page = request.page_context("Settings").await?;
    let values = values_in_force(&own, &request.app.site.telephone);
    let may = request.signed.reader.roles.contains(&Role::Administrator);
    let alone = may_set_alone(request.app).await?;
    let form = may.then(|| settings_form(&forms, &values, alone));
    let page = SettingsPage {
        wrong: forms.error_summary(),
        facts: facts_of(&values)
            .into_iter()
            .map(|(label, value)| Fact { label, value })
            .collect(),
        proposed: proposed(request, &forms, &own, &values).await?,
        languages: values.languages,
        form,
        page,
    };
    request.render(&page)
}

/// The settings in force. Before they are set for the first time, the organisation's name and the
/// telephone number of the operator's configuration.
pub(super) fn values_in_force(own: &OrganisationRow, telephone: &str) -> Settings {
    if let Some(settings) = &own.settings {
        return settings.values.clone();
    }
    Settings {
        name: own
            .name
            .parse()
            .unwrap_or_else(|_| sample("Our organisation")),
        logo: None,
        accent: None,
        telephone: telephone.parse().ok(),
        hours: None,
        hours_in: BTreeMap::new(),
        address: None,
        email: None,
        privacy: None,
        accessibility: None,
        charity: None,
        languages: Vec::new(),
        return_account: None,
        sending: None,
    }
}

pub(super) async fn may_set_alone(app: &AppState) -> Result<bool, PageError> {
    let organisation = app.commands.organisation().0;
    let known = app
        .commands
        .log()
        .refresh::<Organisation>(organisation)
        .await?;
    Ok(known.state.settings_may_be_set_alone())
}

/// How emails leave the service, in force.
async fn sending_in_force(app: &AppState) -> Result<Option<Sending>, PageError> {
    let organisation = app.commands.organisation().0;
    let known = app
        .commands
        .log()
        .refresh::<Organisation>(organisation)
        .await?;
    Ok(known.state.sending().cloned())
}

/// How emails leave the service as texts, by label. Those that are not set are empty.
pub(super) fn sending_facts(sending: &Sending) -> [(&'static str, String); 3] {
    let sender = sending.sender.as_ref();
    [
        (
            "Email server",
            sending
                .server
                .as_ref()
                .map(server_in_words)
                .unwrap_or_default(),
        ),
        (
            "Emails come from",
            sender
                .map(|sender| format!("{} <{}>", sender.name, sender.email))
                .unwrap_or_default(),
        ),
        ("Address of this service", text_of(sending.address.as_ref())),
    ]
}

/// A mail server in words. The end of the password's id shows that a password is another one.
fn server_in_words(server: &MailServer) -> String {
    let encryption = match server.encryption {
        _ if server.is_on_this_machine() => "on the same machine",
        MailEncryption::Tls => "TLS",
        MailEncryption::Starttls => "STARTTLS",
    };
    let user = server.user.as_ref().map(|user| format!("User {user}"));
    let password = server.password.map(|password| {
        let id = password.simple().to_string();
        format!("Password version {}", &id[id.len() - 6..])
    });
    let place = format!("{}, port {}, {encryption}", server.host, server.port);
    let lines: Vec<String> = [Some(place), user, password]
        .into_iter()
        .flatten()
        .collect();
    lines.join("\n")
}

/// The settings as texts, by label. Those that are not set are empty.
fn facts_of(settings: &Settings) -> Vec<(&'static str, String)> {
    let languages = settings.languages.iter().map(|language| {
        let checked = if language.checked {
            "checked"
        } else {
            "not checked yet"
        };
        let direction: &str = language.direction.into();
        format!(
            "{} ({}, {direction}, {checked}): {}",
            language.own_name, language.tag, language.line
        )
    });
    let hours = settings.hours_in.iter();
    let hours: Vec<_> = hours
        .map(|(language, hours)| format!("{}: {hours}", language.english_name()))
        .collect();
    let phone = settings.telephone.as_ref().map(OfficePhone::written);
    let phone = phone.unwrap_or_default();
    vec![
        ("Name", settings.name.to_string()),
        ("Colour", text_of(settings.accent.as_ref())),
        ("Phone", phone),
        ("Opening hours", text_of(settings.hours.as_ref())),
        ("Opening hours in other languages", hours.join("\n")),
        ("Postal address", text_of(settings.address.as_ref())),
        ("Email", text_of(settings.email.as_ref())),
        ("Charity line", text_of(settings.charity.as_ref())),
        ("Privacy notice", text_of(settings.privacy.as_ref())),
        (
            "Accessibility statement",
            text_of(settings.accessibility.as_ref()),
        ),
        ("Languages", languages.collect::<Vec<_>>().join("\n")),
        (
            "Account for returns",
            settings
                .return_account
                .as_ref()
                .map(|account| {
                    let (sort_code, number) = (account.sort_code(), account.account_number());
                    format!("{}, {sort_code} {number}", account.holder)
                })
                .unwrap_or_default(),
        ),
    ]
}

async fn proposed(
    request: &DeskRequest<'_>,
    forms: &PageForms,
    own: &OrganisationRow,
    before: &Settings,
) -> Result<Option<ProposedSettingsView>, PageError> {
    let Some(row) = &own.proposed_settings else {
        return Ok(None);
    };
    let names = request.names_of_colleagues([row.proposed_by]).await?;
    let all = |settings: &Settings| {
        let sending = settings.sending.clone().unwrap_or_default();
        facts_of(settings)
            .into_iter()
            .chain(sending_facts(&sending))
    };
    let changes = all(before)
        .zip(all(&row.values))
        .filter(|((_, before), (_, after))| before != after)
        .map(|((label, before), (_, after))| ChangedSetting {
            label,
            before,
            after,
        })
        .collect();
    let logos = (logo_address(before), logo_address(&row.values));
    Ok(Some(ProposedSettingsView {
        by: names.of(&row.proposed_by),
        changes,
        logo: Some(logos).filter(|(before, after)| before != after),
        acts: request
            .actions(forms, proposal_acts(request, row.proposal))
            .await?,
    }))
}

fn proposal_acts(request: &DeskRequest<'_>, proposal: u32) -> Vec<ActionSpec> {
    let on_proposal = |title: &str, command: C| {
        let organisation = request.app.commands.organisation();
        ActionSpec::new(title, Command::Organisation(organisation, command))
            .hidden_number("proposal", proposal)
    };
    let refuse = C::RefuseSettings(RefuseSettings {
        proposal,
        reason: sample("why"),
    });
    vec![
        on_proposal(
            "Confirm these settings",
            C::ConfirmSettings(ProposalRef { proposal }),
        )
        .expanded(),
        on_proposal("Refuse or withdraw these settings", refuse)
            .text_area("reason", "Why")
            .hint("Please don’t name people here."),
    ]
}

/// The languages of the pages besides English.
fn other_languages() -> impl Iterator<Item = Language> {
    let all = Language::VARIANTS.iter().copied();
    all.filter(|language| *language != Language::En)
}

/// The name and the label of the field for the opening hours in a language.
fn hours_field(language: Language) -> (String, String) {
    (
        format!("hours_in.{}", language.code()),
        format!("Opening hours in {}", language.english_name()),
    )
}

fn logo_address(settings: &Settings) -> Option<String> {
    settings.logo.as_ref().map(theme::logo_path)
}

fn settings_form(forms: &PageForms, values: &Settings, alone: bool) -> SettingsForm {
    let phone = values.telephone.as_ref().map(OfficePhone::written);
    let mut form = forms
        .form(FORM)
        .prefill("name", values.name.as_str())
        .prefill("logo", &text_of(values.logo.as_ref()))
        .prefill("accent", &text_of(values.accent.as_ref()))
        .prefill("telephone", phone.as_deref().unwrap_or_default())
        .prefill("hours", &text_of(values.hours.as_ref()))
        .prefill("address", &text_of(values.address.as_ref()))
        .prefill("email", &text_of(values.email.as_ref()))
        .prefill("charity", &text_of(values.charity.as_ref()))
        .prefill("privacy", &text_of(values.privacy.as_ref()))
        .prefill("accessibility", &text_of(values.accessibility.as_ref()));
    for language in other_languages() {
        let hours = text_of(values.hours_in.get(&language));
        form = form.prefill(&hours_field(language).0, &hours);
    }
    if let Some(account) = &values.return_account {
        let numbers = format!("{} {}", account.sort_code(), account.account_number());
        form = form
            .prefill("return_account.holder", account.holder.as_str())
            .prefill("return_account.numbers", &numbers);
    }
    for (row, language) in values.languages.iter().enumerate() {
        let fields = LanguageInputs::new(row);
        form = form
            .prefill(&fields.tag, language.tag.as_str())
            .prefill(&fields.own_name, language.own_name.as_str())
            .prefill(&fields.direction, language.direction.into())
            .prefill(&fields.line, language.line.as_str())
            .prefill(&fields.checked, if language.checked { "yes" } else { "" });
    }
    let entered = (0..LANGUAGES_MAX)
        .filter(|row| !form.value(&LanguageInputs::new(*row).tag).is_empty())
        .count();
    let rows = LANGUAGES_MAX.min(entered + ROWS_FOR_MORE);
    let direction =
        |key: WritingDirection, label: &str| (<&str>::from(key).to_owned(), label.to_owned());
    SettingsForm {
        alone,
        logo: logo_address(values),
        hours: other_languages().map(hours_field).collect(),
        languages: (0..rows).map(LanguageInputs::new).collect(),
        directions: vec![
            direction(WritingDirection::Ltr, "left to right"),
            direction(WritingDirection::Rtl, "right to left"),
        ],
        form,
    }
}

/// Sets or proposes settings. A chosen logo is re-encoded in the sandbox and stored first; its
/// digest stays in the form, so that it need not be chosen again after an error.
pub(super) async fn submit(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let body = kept_form::require_signed_in(&request, &app, &visitor, body).await?;
    let may = &visitor.require_staff()?.reader.roles;
    if !may.contains(&Role::Administrator) {
        return Err(PageError::forbidden());
    }
    let sent = multipart::read(&request, body, &visitor, &app).await?;
    let logo = if sent.bytes.is_empty() {
        None
    } else {
        match store_logo(&app, sent.bytes).await {
            Ok(logo) => Some(logo),
            Err(error) if error.is_form_error() => {
                let says = match error {
                    FileError::CutOff => "This picture is cut off. Choose it again",
                    FileError::TooManyPixels { .. } => "Choose a picture with fewer pixels",
                    _ => "Choose a PNG, JPEG or WebP picture that is simple enough for a logo",
                };
                let errors = vec![("logo_file".to_owned(), says.to_owned())];
                let rejected = FormErrors::new(FORM, &sent.posted, errors);
                return render_page_at(&app, &visitor, PAGE_PATH, Some(rejected)).await;
            }
            Err(error) => return Err(error.into()),
        }
    };
    let posted = tidy(&sent.posted, logo.as_ref());
    let name = if may_set_alone(&app).await? {
        "set-settings"
    } else {
        "propose-settings"
    };
    let noun = RESOURCES
        .iter()
        .find(|noun| noun.plural == "organisation")
        .ok_or_else(PageError::not_found)?;
    let spec = noun
        .commands
        .iter()
        .find(|spec| spec.name == name)
        .ok_or_else(PageError::not_found)?;
    let id = app.commands.organisation().0;
    match commands::parse_body(noun, spec, id, posted.to_json().to_string().as_bytes()) {
        Ok(mut command) => {
            if let Command::Organisation(
                _,
                C::SetSettings(settings) | C::ProposeSettings(settings),
            ) = &mut command
            {
                // They have a page of their own.
                settings.sending = sending_in_force(&app).await?.map(Box::new);
            }
            // A proposal waits on this page.
            let next = match name {
                "set-settings" => setup::page_after(&app, &visitor, PAGE_PATH).await?,
                _ => PAGE_PATH,
            };
            let next = |_| next.to_owned();
            submit_command::execute(&app, &visitor, &posted, command, name, PAGE_PATH, next).await
        }
        Err(problem) => {
            let rejected = FormErrors::from_problem(&posted, &problem);
            render_page_at(&app, &visitor, PAGE_PATH, Some(rejected)).await
        }
    }
}

/// Prepares the posted fields for the command: sets or removes the logo, normalises line endings,
/// and numbers the languages without gaps.
fn tidy(posted: &FormData, logo: Option<&FileDigest>) -> FormData {
    let removed = posted.text("remove_logo") == "yes" && logo.is_none();
    let filled: BTreeSet<usize> = (0..LANGUAGES_MAX)
        .filter(|row| {
            let fields = LanguageInputs::new(*row);
            [fields.tag, fields.own_name, fields.line]
                .iter()
                .any(|field| !posted.text(field).is_empty())
        })
        .collect();
    let mut pairs = Vec::new();
    for (name, value) in posted.pairs() {
        let value = value.replace("\r\n", "\n");
        if let Some((row, field)) = name
            .strip_prefix("languages.")
            .and_then(|rest| rest.split_once('.'))
        {
            let place = row
                .parse::<usize>()
                .ok()
                .and_then(|row| filled.iter().position(|known| *known == row));
            pairs.extend(place.map(|place| (format!("languages.{place}.{field}"), value)));
        } else if !matches!(name.as_str(), "remove_logo" | "logo") {
            pairs.push((name.clone(), value));
        }
    }
    let kept = posted.text("logo").to_owned();
    let logo = logo.map_or(kept, ToString::to_string);
    if !removed && !logo.is_empty() {
        pairs.push(("logo".to_owned(), logo));
    }
    FormData::new(pairs)
}

async fn store_logo(app: &AppState, bytes: Vec<u8>) -> Result<FileDigest, FileError> {
    let whole = futures::stream::iter([Ok::<_, FileError>(Bytes::from(bytes))]);
    let logo = parse_answer(app.sandbox.run(Upload::Logo, whole).await?)?;
    app.files.put_public(&logo).await
}
