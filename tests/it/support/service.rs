//! A running service and a client for it: in this process, or as separate processes.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use microgrants::auth::tokens::{NewToken, Tokens};
use microgrants::commands::Commands;
use microgrants::domain::{PersonId, Role};
use microgrants::http::supervisor::Supervisor;
use microgrants::http::{self, AppState};
use microgrants::sandbox::Sandbox;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::test_app::{ORGANISATION, TestApp};

/// An answer of the service.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiResponse {
    pub status: u16,
    pub body: Value,
    pub etag: Option<String>,
    pub content_type: String,
}

impl ApiResponse {
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Asserts that this is a problem document with this code.
    pub fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        assert_eq!(
            self.content_type, "application/problem+json",
            "{}",
            self.body
        );
        assert!(
            self.body["advice"]
                .as_str()
                .is_some_and(|advice| !advice.is_empty()),
            "{}",
            self.body
        );
    }

    pub fn id(&self) -> String {
        assert!(self.status < 300, "{}", self.body);
        self.body["id"].as_str().expect("an id").to_owned()
    }
}

/// A client with an address and a token.
#[derive(Clone)]
pub struct Client {
    address: String,
    token: String,
    agent: ureq::Agent,
}

impl Client {
    pub fn new(address: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self {
            address: address.to_owned(),
            token: token.to_owned(),
            agent: config.into(),
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// The same service with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    pub fn get(&self, path: &str) -> ApiResponse {
        self.try_get(path).expect("the service answers")
    }

    pub fn try_get(&self, path: &str) -> Result<ApiResponse, ureq::Error> {
        let request = self
            .agent
            .get(format!("{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token));
        Ok(read_response(request.call()?))
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> ApiResponse {
        let request = self
            .agent
            .get(format!("{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token));
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        read_response(request.call().expect("the service answers"))
    }

    /// Posts a command with a new idempotency key.
    pub fn post(&self, path: &str, body: &Value) -> ApiResponse {
        let key = microgrants::clock::new_id().to_string();
        self.post_with(path, &body.to_string(), &[("Idempotency-Key", &key)])
    }

    /// Uploads the bytes of a file.
    pub fn upload(&self, path: &str, bytes: &[u8], key: &str) -> ApiResponse {
        let request = self
            .agent
            .post(format!("{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token));
        let request = request
            .header("Content-Type", "application/octet-stream")
            .header("Idempotency-Key", key);
        read_response(request.send(bytes).expect("the service answers"))
    }

    /// Downloads the bytes of a file.
    pub fn bytes(&self, path: &str) -> Vec<u8> {
        let request = self
            .agent
            .get(format!("{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token));
        let mut response = request.call().expect("the service answers");
        assert_eq!(response.status().as_u16(), 200, "{path}");
        response.body_mut().read_to_vec().expect("whole")
    }

    pub fn post_with(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> ApiResponse {
        self.try_post(path, body, headers)
            .expect("the service answers")
    }

    pub fn try_post(
        &self,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Result<ApiResponse, ureq::Error> {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token));
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            request = request.header("Content-Type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(read_response(request.send(body)?))
    }
}

fn read_response(mut response: ureq::http::Response<ureq::Body>) -> ApiResponse {
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let (etag, content_type) = (header("etag"), header("content-type").unwrap_or_default());
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().unwrap_or_default();
    let mut body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    // The request id differs in each answer, and answers are compared without it.
    if let Some(problem) = body.as_object_mut() {
        problem.remove("request_id");
    }
    ApiResponse {
        status,
        body,
        etag,
        content_type,
    }
}

/// Runs the real program as the sandbox, since the test binary cannot read uploads.
pub fn sandbox() -> Sandbox {
    Sandbox::with_program(env!("CARGO_BIN_EXE_microgrants").into())
}

/// The token service of an app.
pub fn tokens(app: &TestApp) -> Tokens {
    Tokens::new(&app.keys.token, ORGANISATION).expect("tokens")
}

/// A valid token for a person, for the length of a case.
pub fn token(app: &TestApp, person: PersonId) -> String {
    token_for_roles(app, person, None)
}

#[expect(clippy::disallowed_methods, reason = "a token is good from now on")]
pub fn token_for_roles(app: &TestApp, person: PersonId, roles: Option<Vec<Role>>) -> String {
    let new = NewToken::by_operator(person, "a case", Duration::from_mins(10));
    let new = NewToken {
        roles: roles.map(|roles| roles.into_iter().collect()),
        ..new
    };
    let own = tokens(app);
    let issuing = own.issue(&app.commands, new, jiff::Timestamp::now());
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(issuing))
        .expect("a token")
}

/// Serves an app in this process, until the app is dropped.
pub fn serve(app: &TestApp, person: PersonId) -> Client {
    serve_with(app, person, |_| ())
}

/// The same, with changed settings of the site.
pub fn serve_with(
    app: &TestApp,
    person: PersonId,
    set_up: impl FnOnce(&mut http::SiteConfig),
) -> Client {
    tokio::spawn(app.projector.clone().run());
    serve_commands(app, app.commands.clone(), &token(app, person), set_up)
}

/// A service with other commands than the app's, and without a running projector.
pub fn serve_commands(
    app: &TestApp,
    commands: Commands,
    token: &str,
    set_up: impl FnOnce(&mut http::SiteConfig),
) -> Client {
    serve_with_tasks(app, commands, token, Supervisor::default(), set_up)
}

/// The same, with background tasks.
pub fn serve_with_tasks(
    app: &TestApp,
    commands: Commands,
    token: &str,
    beside: Supervisor,
    set_up: impl FnOnce(&mut http::SiteConfig),
) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let mut site = http::SiteConfig::new(&address);
    set_up(&mut site);
    let desk = AppState {
        commands,
        views: app.views(),
        files: app.files(),
        sandbox: sandbox(),
        tokens: tokens(app),
        site,
        supervisor: beside,
    };
    let stop = app.dropped();
    std::thread::spawn(move || {
        let server = http::serve(desk, listener, Some(1), stop).expect("a server");
        actix_web::rt::System::new().block_on(server)
    });
    Client::new(&address, token)
}

/// A service as a child process, killed when this is dropped.
pub struct ServiceProcess {
    child: Child,
    pub address: String,
}

impl ServiceProcess {
    /// Starts the program on a database and its keys.
    pub fn start(place: &Deployment) -> Self {
        Self::from_command(place.program())
    }

    /// Starts a program that is already configured.
    pub fn from_command(mut program: Command) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let listen = format!("127.0.0.1:{port}");
        let mut child = program
            .args(["serve", "--listen", &listen])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its standard error")).lines();
        let serving = lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.contains("serving"));
        assert!(serving, "the program serves");
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| eprintln!("{line}"));
        });
        Self {
            child,
            address: format!("http://{listen}"),
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has exited.
    pub fn wait_for_exit(mut self) -> std::process::ExitStatus {
        self.child.wait().expect("the program ended")
    }

    /// Kills it with SIGKILL, as a power cut would.
    pub fn kill(mut self) {
        let ended = self.child.try_wait().expect("its state");
        assert!(
            ended.is_none(),
            "it ended by itself before it was killed: {ended:?}"
        );
        self.child.kill().expect("the program can be killed");
        self.child.wait().expect("the program ended");
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A database and its keys, for child processes.
#[derive(Clone)]
pub struct Deployment {
    pub folder: Arc<TempDir>,
    pub url: String,
}

impl Deployment {
    /// The program, configured for this database.
    pub fn program(&self) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_microgrants"));
        program
            .env("DATABASE_URL", &self.url)
            .env("MICROGRANTS_ORGANISATION", ORGANISATION);
        program
            .env("MICROGRANTS_KEYS", self.folder.path().join("keys"))
            .env("NO_COLOR", "1")
            .env_remove("RUST_LOG");
        // A short claim, so that a mail in delivery during a kill is soon retried.
        program
            .env("MICROGRANTS_MAIL_CLAIM_SECONDS", "2")
            .current_dir(self.folder.path());
        program
    }
}
