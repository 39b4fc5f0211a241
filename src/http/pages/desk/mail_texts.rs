//! The page of one mail's text, by fund and language, with a preview and with proposed texts that
//! wait for a second administrator.

use actix_web::HttpResponse;
use askama::Template;
use strum::VariantArray as _;

use super::DeskRequest;
use super::action::{Action, ActionSpec, sample};
use super::tell::composer;
use super::texts::{mail_kind_label, organisation, require_editor};
use crate::domain::command::ProposalRef;
use crate::domain::language::Language;
use crate::domain::mail::{MailKind, PublishMailText};
use crate::domain::organisation::RefuseMailText;
use crate::domain::{Command, FundId, OrganisationCommand as C};
use crate::http::pages::{Form, PageContext, PageError, PageForms};
use crate::mail::default_template;
use crate::projections::{MailTextRow, OrganisationRow};

#[derive(Template)]
#[template(path = "desk/mail_text.html")]
struct MailTextPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    kind: String,
    key: &'static str,
    names: Vec<String>,
    language: Language,
    chosen: Form,
    funds: Vec<(String, String)>,
    languages: Vec<(String, String)>,
    /// Why the published text is not used, if it is not.
    unused: Option<String>,
    proposed: Vec<ProposedMailTextView>,
    act: Action,
    subject: String,
    preview: String,
}

/// A proposed text that waits for a second administrator.
struct ProposedMailTextView {
    language: Language,
    fund: String,
    subject: String,
    body: String,
    by: String,
    acts: Vec<Action>,
}

/// Which text of a mail the page shows.
#[derive(Clone, Copy)]
struct MailTextKey {
    kind: MailKind,
    fund: Option<FundId>,
    language: Language,
}

pub(super) async fn show(request: &DeskRequest<'_>, kind: &str) -> Result<HttpResponse, PageError> {
    require_editor(request)?;
    let kind: MailKind = kind.parse().map_err(|_| PageError::not_found())?;
    let own = organisation(request).await?;
    let language: Language = request.text("language").parse().unwrap_or_default();
    let which = MailTextKey {
        kind,
        fund: request.text("fund").parse().ok().map(FundId),
        language,
    };
    let rows = request.funds().await?;
    let funds: Vec<_> = std::iter::once((
        String::new(),
        "All funds without their own wording".to_owned(),
    ))
    .chain(
        rows.into_iter()
            .map(|fund| (fund.id.to_string(), fund.name)),
    )
    .collect();
    let forms = request.forms();
    let key: &'static str = kind.into();
    let act = text_action(request, &forms, which, &own).await?;
    let (subject, preview) = preview(request, &act.form, which, &own).await?;
    let page = MailTextPage {
        page: request
            .page_context(&format!("Email: {}", mail_kind_label(key)))
            .await?,
        wrong: forms.error_summary(),
        kind: mail_kind_label(key),
        key,
        names: kind
            .names()
            .map(|name| format!("{{{{ {name} }}}}"))
            .collect(),
        language,
        chosen: forms
            .form("which")
            .prefill("fund", request.text("fund"))
            .prefill("language", language.code()),
        languages: Language::VARIANTS
            .iter()
            .map(|language| {
                (
                    language.code().to_owned(),
                    language.english_name().to_owned(),
                )
            })
            .collect(),
        unused: own
            .mail_text(kind, which.fund, language)
            .and_then(MailTextRow::unused_reason),
        proposed: proposed_texts(request, &forms, kind, &own, &funds).await?,
        funds,
        subject,
        preview,
        act,
    };
    request.render(&page)
}

/// Subject and text as they would arrive. Those that were refused are shown as they were typed: a
/// detail that does not exist would leave a gap.
async fn preview(
    request: &DeskRequest<'_>,
    form: &Form,
    which: MailTextKey,
    own: &OrganisationRow,
) -> Result<(String, String), PageError> {
    let (subject, body) = (form.value("subject"), form.value("body"));
    if form.was_rejected() {
        return Ok((subject.to_owned(), body.to_owned()));
    }
    let composer = composer(request.app).await?;
    Ok(composer.example(which.kind, which.language, own, (subject, body)))
}

/// The action that publishes a text, or that proposes it, for mails whose texts need two
/// administrators.
async fn text_action(
    request: &DeskRequest<'_>,
    forms: &PageForms,
    which: MailTextKey,
    own: &OrganisationRow,
) -> Result<Action, PageError> {
    let MailTextKey {
        kind,
        fund,
        language,
    } = which;
    let ours = default_template(kind, language);
    let (subject, body) = own
        .mail_text(kind, fund, language)
        .map_or((ours.subject.clone(), ours.body.clone()), |text| {
            (text.subject.clone(), text.body.clone())
        });
    let text = PublishMailText {
        mail: kind,
        fund,
        language,
        subject: sample(&ours.subject),
        body: sample(&ours.body),
    };
    let organisation = request.app.commands.organisation();
    let spec = if kind.needs_two_people() {
        let propose = Command::Organisation(organisation, C::ProposeMailText(text));
        ActionSpec::new("Propose this wording", propose)
            .if_hidden("We use it once another administrator agrees.")
    } else {
        let publish = Command::Organisation(organisation, C::PublishMailText(text));
        ActionSpec::new("Save this wording", publish).unchecked()
    };
    let spec = spec
        .expanded()
        .hidden("mail", <&str>::from(kind))
        .hidden("language", language.code())
        .text("subject", "Subject")
        .prefill(subject)
        .text_area("body", "Text")
        .hint(
            "Leave an empty line between paragraphs. To insert a detail, write its name in double \
             braces, with a space on both sides. Put {{ link }} on a line of its own. You cannot \
             use other web addresses.",
        )
        .prefill(body)
        .preview("Preview this email");
    let spec = match fund {
        Some(fund) => spec.hidden("fund", fund),
        None => spec,
    };
    request.action(forms, spec).await
}

/// The proposed texts of a mail, with the actions that confirm or refuse them.
async fn proposed_texts(
    request: &DeskRequest<'_>,
    forms: &PageForms,
    kind: MailKind,
    own: &OrganisationRow,
    funds: &[(String, String)],
) -> Result<Vec<ProposedMailTextView>, PageError> {
    let rows: Vec<_> = own
        .proposed_mail_texts
        .iter()
        .filter(|text| text.mail == kind)
        .collect();
    let names = request
        .names_of_colleagues(rows.iter().map(|text| text.proposed_by))
        .await?;
    let mut waiting = Vec::new();
    for row in rows {
        let proposal = row.proposal;
        let on_proposal = |form: &str, title: &str, command: C| {
            let organisation = request.app.commands.organisation();
            ActionSpec::new(title, Command::Organisation(organisation, command))
                .form(format!("{form}-{proposal}"))
                .hidden_number("proposal", proposal)
        };
        let confirm = C::ConfirmMailText(ProposalRef { proposal });
        let refuse = C::RefuseMailText(RefuseMailText {
            proposal,
            reason: sample("why"),
        });
        let table = vec![
            on_proposal("confirm-mail-text", "Confirm this wording", confirm),
            on_proposal(
                "refuse-mail-text",
                "Refuse or withdraw this wording",
                refuse,
            )
            .text_area("reason", "Why")
            .hint("Leave out names of people."),
        ];
        let fund = row.fund.map(|fund| fund.to_string()).unwrap_or_default();
        waiting.push(ProposedMailTextView {
            language: row.language,
            fund: funds
                .iter()
                .find(|(id, _)| *id == fund)
                .map(|(_, name)| name.clone())
                .unwrap_or_default(),
            subject: row.subject.clone(),
            body: row.body.clone(),
            by: names.of(&row.proposed_by),
            acts: request.actions(forms, table).await?,
        });
    }
    Ok(waiting)
}
