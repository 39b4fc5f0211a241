//! The page of one mail's text, by fund and language, with a preview and with proposed texts that
//! wait for a second administrator.

use actix_web::HttpResponse;
use askama::Template;
use strum::VariantArray as _;

use super::Asked;
use super::act::{Act, Offered};
use super::texts::{editor, organisation, said_kind};
use crate::domain::command::ProposalOf;
use crate::domain::language::Language;
use crate::domain::mail::{MailKind, PublishMailText, write};
use crate::domain::organisation::RefuseMailText;
use crate::domain::{Command, FundId, OrganisationCommand as C};
use crate::http::pages::{Failed, Form, Forms, Shell};
use crate::mail::{own_text, sample};
use crate::projections::{FundRow, MailTextRow, OrganisationRow};
use crate::views::Page as Wanted;

#[derive(Template)]
#[template(path = "desk/mail_text.html")]
struct MailText {
    page: Shell,
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
    proposed: Vec<Waiting>,
    act: Act,
    subject: String,
    preview: String,
}

/// A proposed text that waits for a second administrator.
struct Waiting {
    language: Language,
    fund: String,
    subject: String,
    body: String,
    by: String,
    acts: Vec<Act>,
}

/// Which text of a mail the page shows.
#[derive(Clone, Copy)]
struct Which {
    kind: MailKind,
    fund: Option<FundId>,
    language: Language,
}

pub(super) async fn show(asked: &Asked<'_>, kind: &str) -> Result<HttpResponse, Failed> {
    editor(asked)?;
    let kind: MailKind = kind.parse().map_err(|_| Failed::nothing())?;
    let own = organisation(asked).await?;
    let language: Language = asked.text("language").parse().unwrap_or_default();
    let which = Which {
        kind,
        fund: asked.text("fund").parse().ok().map(FundId),
        language,
    };
    let rows: Vec<FundRow> = asked
        .desk
        .views
        .list(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                most: 500,
            },
        )
        .await?
        .items;
    let funds: Vec<_> = std::iter::once((
        String::new(),
        "every fund without words of its own".to_owned(),
    ))
    .chain(
        rows.into_iter()
            .map(|fund| (fund.id.to_string(), fund.name)),
    )
    .collect();
    let forms = asked.forms();
    let key: &'static str = kind.into();
    let said = sample(kind);
    let act = words(asked, &forms, which, &own).await?;
    let page = MailText {
        page: asked.shell(&format!("Mail: {}", said_kind(key))).await?,
        wrong: forms.wrong(),
        kind: said_kind(key),
        key,
        names: kind
            .names()
            .map(|name| format!("{{{{ {name} }}}}"))
            .collect(),
        language,
        chosen: forms
            .form("which")
            .known("fund", asked.text("fund"))
            .known("language", language.code()),
        languages: Language::VARIANTS
            .iter()
            .map(|language| (language.code().to_owned(), language.own_name().to_owned()))
            .collect(),
        unused: own
            .mail_text(kind, which.fund, language)
            .and_then(MailTextRow::unused),
        proposed: proposed(asked, &forms, kind, &own, &funds).await?,
        funds,
        subject: write(act.form.typed("subject"), &said),
        preview: write(act.form.typed("body"), &said),
        act,
    };
    asked.page(&page)
}

/// The action that publishes a text, or that proposes it, for mails whose texts need two
/// administrators.
async fn words(
    asked: &Asked<'_>,
    forms: &Forms,
    which: Which,
    own: &OrganisationRow,
) -> Result<Act, Failed> {
    let Which {
        kind,
        fund,
        language,
    } = which;
    let ours = own_text(kind, language);
    let (subject, body) = own
        .mail_text(kind, fund, language)
        .map_or((ours.subject.clone(), ours.body.clone()), |text| {
            (text.subject.clone(), text.body.clone())
        });
    let (name, title, offered) = if kind.needs_two() {
        let trial = C::ProposeMailText(PublishMailText {
            mail: kind,
            fund,
            language,
            subject: ours.subject.parse().expect("a subject of ours"),
            body: ours.body.parse().expect("a text of ours"),
        });
        let offered = match offered(asked, trial).await? {
            Offered::Hidden => Offered::Not(
                "One administrator proposes them, and another confirms them.".to_owned(),
            ),
            other => other,
        };
        ("propose-mail-text", "Propose these words", offered)
    } else {
        ("publish-mail-text", "Publish these words", Offered::Yes)
    };
    let mut act = Act::new(forms, name, title, &format!("/desk/do/organisation/{name}"), offered)
        .opened()
        .hidden("mail", <&str>::from(kind))
        .hidden("language", language.code())
        .line("subject", "Subject")
        .words_with(
            "body",
            "Text",
            "An empty line begins a new paragraph. A name in double braces is filled in: put a space on both sides of it, and {{ link }} on a line of its own. Other addresses of web pages are not taken.",
        )
        .known("subject", subject)
        .known("body", body)
        .look_first(&format!("/desk/try/organisation/{name}"), "See how it would arrive");
    if let Some(fund) = fund {
        act = act.hidden("fund", fund);
    }
    Ok(act)
}

async fn offered(asked: &Asked<'_>, command: C) -> Result<Offered, Failed> {
    Offered::of(
        asked.desk,
        asked.visitor,
        Command::Organisation(asked.desk.commands.organisation(), command),
    )
    .await
}

/// The proposed texts of a mail, with the actions that confirm or refuse them.
async fn proposed(
    asked: &Asked<'_>,
    forms: &Forms,
    kind: MailKind,
    own: &OrganisationRow,
    funds: &[(String, String)],
) -> Result<Vec<Waiting>, Failed> {
    let rows: Vec<_> = own
        .proposed_mail_texts
        .iter()
        .filter(|text| text.mail == kind)
        .collect();
    let names = asked
        .colleagues(rows.iter().map(|text| text.proposed_by))
        .await?;
    let mut waiting = Vec::new();
    for row in rows {
        let proposal = row.proposal;
        let confirm = offered(asked, C::ConfirmMailText(ProposalOf { proposal })).await?;
        let confirm = Act::new(
            forms,
            &format!("confirm-mail-text-{proposal}"),
            "Confirm these words",
            "/desk/do/organisation/confirm-mail-text",
            confirm,
        );
        let refuse = RefuseMailText {
            proposal,
            reason: "why".parse().expect("a short text"),
        };
        let refuse = offered(asked, C::RefuseMailText(refuse)).await?;
        let refuse = Act::new(
            forms,
            &format!("refuse-mail-text-{proposal}"),
            "Refuse these words, or take them back",
            "/desk/do/organisation/refuse-mail-text",
            refuse,
        );
        let fund = row.fund.map(|fund| fund.to_string()).unwrap_or_default();
        waiting.push(Waiting {
            language: row.language,
            fund: funds
                .iter()
                .find(|(id, _)| *id == fund)
                .map(|(_, name)| name.clone())
                .unwrap_or_default(),
            subject: row.subject.clone(),
            body: row.body.clone(),
            by: names.of(&row.proposed_by),
            acts: super::act::shown(vec![
                confirm.hidden("proposal:n", proposal),
                refuse.hidden("proposal:n", proposal).words_with(
                    "reason",
                    "Why",
                    "Names of people do not belong here.",
                ),
            ]),
        });
    }
    Ok(waiting)
}
