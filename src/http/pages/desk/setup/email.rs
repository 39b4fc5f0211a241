//! How emails leave the service: the page on which administrators enter the mail server, the sender
//! and the service's address, and send themselves a test message. What is entered is a part of the
//! organisation's settings. The link in the test message proves the address of the administrator
//! who asked for it, which the log records.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::super::settings::{may_set_alone, sending_facts, values_in_force};
use super::super::texts::organisation;
use super::super::{DeskRequest, render_page_at, submit_command};
use super::require_administrator;
use super::state::{Colleague, SetupState};
use crate::domain::language::Language;
use crate::domain::organisation::{
    MailEncryption, MailHost, MailSender, MailServer, OfficeEmail, Sending, ServiceAddress,
    Settings,
};
use crate::domain::personal_data::parse_email;
use crate::domain::text::Line;
use crate::domain::{Command, OrganisationCommand as C};
use crate::http::AppState;
use crate::http::pages::form_reader::{FieldErrors, FormReader, email_error};
use crate::http::pages::site::text_of;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, see_other,
};
use crate::mail::{SetByOperator, invitations, passwords};
use crate::outbox;

const PAGE: &str = "/desk/setup/email";
const FORM: &str = "sending";
/// The number of newest emails among which the reader's last test message is looked for.
const NEWEST_MAILS: i64 = 50;
const PASSWORD_MAX: usize = 200;

#[derive(Template)]
#[template(path = "desk/setup/email.html")]
struct EmailPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    /// The form of the test message.
    test: Form,
    /// Why the last test message was not sent. Empty if it was sent, or if there was none.
    failed: String,
    /// What is in force.
    server: String,
    sender: String,
    address: String,
    fixed: SetByOperator,
    edit: Option<SendingForm>,
    /// Changes wait for a second administrator.
    waits: bool,
    demo: bool,
    administrators: Vec<Colleague>,
    own_email: String,
}

struct SendingForm {
    form: Form,
    alone: bool,
    encryptions: Vec<(String, String)>,
    /// A password is stored, and it can stay as it is.
    has_password: bool,
}

pub(in super::super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_administrator(request.visitor)?;
    let state = SetupState::load(request).await?;
    let (app, reader) = (request.app, request.signed.reader.person);
    let site = &app.site;
    let forms = request.forms();
    let own = state.administrators.iter().find(|one| one.id == reader);
    let values = values_in_force(&state.own, &site.telephone);
    let set = site.set_by_operator;
    let sending = set.in_force(values.sending.as_deref());
    let [server, sender, _] = sending_facts(&sending).map(|(_, words)| words);
    let or = |words: String, otherwise: &str| {
        let words = Some(words).filter(|words| !words.is_empty());
        words.unwrap_or_else(|| otherwise.to_owned())
    };
    let waits = state.own.proposed_settings.is_some();
    let alone = may_set_alone(app).await?;
    let mut page = request.page_context("Email").await?;
    if request.text("done") == "test-sent"
        && !site.sends_emails(Some(&state.own))
        && let Some(folder) = &site.mail_folder
    {
        page.notice = Some(format!(
            "We wrote the test email to the folder {}, as no email server is set up.",
            folder.display()
        ));
    }
    let page = EmailPage {
        page,
        wrong: forms.error_summary(),
        test: forms.form("test-message"),
        failed: last_failure(request).await?,
        server: or(server, &site.mail_server),
        sender: or(sender, &site.mail_sender),
        address: site.public_address(&app.commands).await?,
        edit: (!waits && set != SetByOperator::ALL).then(|| sending_form(&forms, &values, alone)),
        fixed: set,
        waits,
        demo: site.demo,
        own_email: own.map(|one| one.email.clone()).unwrap_or_default(),
        administrators: state.administrators,
    };
    request.render(&page)
}

/// Why the reader's last test message is not on its way; empty if it is.
async fn last_failure(request: &DeskRequest<'_>) -> Result<String, PageError> {
    let log = request.app.commands.log();
    let newest = outbox::newest(log, "", NEWEST_MAILS).await?;
    let reader = request.signed.reader.person.to_string();
    let test = newest
        .into_iter()
        .find(|mail| mail.kind == invitations::TEST_MESSAGE && mail.person == reader);
    Ok(test
        .filter(|mail| mail.sent_at.is_none())
        .and_then(|mail| mail.error)
        .unwrap_or_default())
}

fn sending_form(forms: &PageForms, values: &Settings, alone: bool) -> SendingForm {
    let sending = values.sending.clone().unwrap_or_default();
    let (server, sender) = (sending.server.as_ref(), sending.sender.as_ref());
    let encryption = server.map(|server| server.encryption).unwrap_or_default();
    let name = sender.map_or(&values.name, |sender| &sender.name);
    let email = sender.map(|sender| &sender.email).or(values.email.as_ref());
    let port = server.map_or_else(|| "465".to_owned(), |server| server.port.to_string());
    let choice =
        |key: MailEncryption, label: &str| (<&str>::from(key).to_owned(), label.to_owned());
    SendingForm {
        alone,
        has_password: server.is_some_and(|server| server.password.is_some()),
        encryptions: vec![
            choice(
                MailEncryption::Tls,
                "From the start (TLS, usually port 465)",
            ),
            choice(
                MailEncryption::Starttls,
                "Once it is connected (STARTTLS, usually port 587)",
            ),
        ],
        form: forms
            .form(FORM)
            .prefill("host", &text_of(server.map(|server| &server.host)))
            .prefill("port", &port)
            .prefill("encryption", encryption.into())
            .prefill(
                "user",
                &text_of(server.and_then(|server| server.user.as_ref())),
            )
            .prefill("sender_name", name.as_str())
            .prefill("sender_email", &text_of(email))
            .prefill("address", &text_of(sending.address.as_ref())),
    }
}

/// Sets or proposes how emails are sent, as the rule of the settings says.
pub(super) async fn save(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_administrator(&visitor)?;
    let fixed = app.site.set_by_operator;
    if fixed == SetByOperator::ALL {
        return Err(PageError::forbidden());
    }
    let request = DeskRequest::new(&app, &visitor, PAGE, None)?;
    let own = organisation(&request).await?;
    if own.proposed_settings.is_some() {
        return Ok(see_other(PAGE));
    }
    let values = values_in_force(&own, &app.site.telephone);
    let before = values.sending.clone().unwrap_or_default();
    let mut sending = match read(&posted, &before, fixed) {
        Ok(sending) => sending,
        Err(wrong) => {
            let rejected = FormErrors::new(FORM, &posted, wrong);
            return render_page_at(&app, &visitor, PAGE, Some(rejected)).await;
        }
    };
    if let Some(server) = sending.server.as_mut().filter(|_| !fixed.server) {
        let in_force = before.server.as_ref().and_then(|server| server.password);
        server.password = password_of(&app, &posted, server, in_force).await?;
    }
    let settings = Settings {
        sending: Some(sending)
            .filter(|sending| *sending != Sending::default())
            .map(Box::new),
        ..values
    };
    let (done, command) = if may_set_alone(&app).await? {
        ("email-saved", C::SetSettings(settings))
    } else {
        ("email-proposed", C::ProposeSettings(settings))
    };
    let command = Command::Organisation(app.commands.organisation(), command);
    let next = |_| PAGE.to_owned();
    submit_command::execute(&app, &visitor, &posted, command, done, PAGE, next).await
}

/// The id of a server's password: of the one that was entered, or else of the one in force.
async fn password_of(
    app: &AppState,
    posted: &FormData,
    server: &MailServer,
    in_force: Option<uuid::Uuid>,
) -> Result<Option<uuid::Uuid>, PageError> {
    let password = posted.text("password");
    if server.user.is_none() {
        return Ok(None);
    }
    if password.is_empty() {
        return Ok(in_force);
    }
    let entered = (posted.text("key"), password);
    let id = passwords::keep(&app.commands, server, entered, in_force).await?;
    Ok(Some(id))
}

/// The values of the form. Values that the operator set are kept as they were entered before.
fn read(posted: &FormData, before: &Sending, set: SetByOperator) -> Result<Sending, FieldErrors> {
    let mut form = FormReader::new(posted, Language::En);
    let server = if set.server {
        before.server.clone()
    } else {
        read_server(&mut form, posted, before.server.as_ref())
    };
    let sender = if set.sender {
        before.sender.clone()
    } else {
        read_sender(&mut form, posted)
    };
    let address: Option<ServiceAddress> = if set.address {
        before.address.clone()
    } else {
        form.optional(
            "address",
            |text| text.parse().ok(),
            "Enter an address that begins with https://, such as https://grants.example.org",
        )
    };
    form.finish(Some(Sending {
        server,
        sender,
        address,
    }))
}

fn read_server(
    form: &mut FormReader<'_>,
    posted: &FormData,
    before: Option<&MailServer>,
) -> Option<MailServer> {
    let host: Option<MailHost> = form.optional(
        "host",
        |text| text.parse().ok(),
        "Enter the name of the server, such as smtp.example.org",
    );
    let host = host?;
    let port = form.required(
        "port",
        |text| text.parse::<u16>().ok().filter(|port| *port > 0),
        "Enter the port as a number, such as 465",
    );
    let encryption: Option<MailEncryption> = form.required(
        "encryption",
        |text| text.parse().ok(),
        "Choose how the connection is encrypted",
    );
    let user: Option<Line> = form.optional(
        "user",
        |text| text.parse().ok(),
        "Enter the user name in at most 140 letters",
    );
    let password = posted.text("password");
    if password.chars().count() > PASSWORD_MAX {
        form.error("password", "Enter a password of at most 200 letters");
    }
    let server = MailServer {
        host,
        port: port?,
        encryption: encryption?,
        user,
        password: None,
    };
    let stays = before.is_some_and(|before| {
        before.password.is_some()
            && (&before.host, before.port, &before.user)
                == (&server.host, server.port, &server.user)
    });
    if server.user.is_some() && password.is_empty() && !stays {
        form.error("password", "Enter the password for this server and user");
    }
    Some(server)
}

fn read_sender(form: &mut FormReader<'_>, posted: &FormData) -> Option<MailSender> {
    if posted.text("sender_email").is_empty() {
        return None;
    }
    let email: Option<OfficeEmail> = match parse_email(posted.text("sender_email")) {
        Ok(email) => email.parse().ok(),
        Err(error) => {
            form.error("sender_email", email_error(&error));
            None
        }
    };
    let name: Option<Line> = form.required(
        "sender_name",
        |text| text.parse().ok(),
        "Enter the name that people see, in at most 140 letters",
    );
    Some(MailSender {
        name: name?,
        email: email?,
    })
}

pub(super) async fn send_test(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, .. } = sent;
    require_administrator(&visitor)?;
    invitations::send_test_message(&app.commands, visitor.person()?).await?;
    Ok(see_other(&format!("{PAGE}?done=test-sent")))
}
