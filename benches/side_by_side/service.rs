//! The real program as a child process with all its background tasks, set up through its command
//! line and API.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::http::{Connection, post};

pub struct Service {
    child: Child,
    pub host: String,
    pub token: String,
}

/// The program, configured for a database and a folder.
pub fn program(url: &str, folder: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_microgrants"));
    program
        .env("DATABASE_URL", url)
        .env("MICROGRANTS_MAILS", folder.join("mails"))
        .env("NO_COLOR", "1")
        .env_remove("RUST_LOG")
        .current_dir(folder);
    // The rate limit of the API is off, since throughput is measured.
    program.env("MICROGRANTS_LIMITS", "api=off");
    program
}

fn run_ok(url: &str, folder: &Path, arguments: &[&str]) -> String {
    let output = program(url, folder)
        .args(arguments)
        .output()
        .expect("the program runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

impl Service {
    /// Sets up an organisation with two staff, and starts the service over it.
    pub fn start_new(url: &str, folder: &Path) -> Self {
        let roles = "administrator,officer,finance,panel";
        let ada = [
            "--name",
            "Ada",
            "--email",
            "ada@example.org",
            "--roles",
            roles,
            "--organisation-name",
            "Bench",
        ];
        let ada = run_ok(url, folder, &[&["people", "add"][..], &ada].concat());
        let ben = [
            "--name",
            "Ben",
            "--email",
            "ben@example.org",
            "--roles",
            roles,
        ];
        run_ok(url, folder, &[&["people", "add"][..], &ben].concat());
        let token = run_ok(
            url,
            folder,
            &["token", "--person", &ada, "--minutes", "600"],
        );
        let service = Self::start(url, folder, token);
        for email in ["ada@example.org", "ben@example.org"] {
            service.sign_in(folder, email);
        }
        service
    }

    /// Signs a person in with the link mailed to them: a fund can be opened only when two
    /// administrators have signed in.
    fn sign_in(&self, folder: &Path, email: &str) {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .into();
        let at = format!("http://{}", self.host);
        let mut cookies = Vec::new();
        let hidden = |page: &str| {
            page.split("name=\"csrf\" value=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
                .map(str::to_owned)
        };
        let get = |path: &str, cookies: &mut Vec<String>| {
            let mut answer = agent
                .get(format!("{at}{path}"))
                .header("Cookie", cookies.join("; "))
                .call()
                .expect("a page");
            for cookie in answer.headers().get_all("set-cookie") {
                cookies.push(
                    cookie
                        .to_str()
                        .expect("text")
                        .split(';')
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                );
            }
            hidden(&answer.body_mut().read_to_string().expect("text")).expect("a token of the page")
        };
        let post = |path: &str, form: &[(&str, &str)], cookies: &[String]| {
            let answer = agent
                .post(format!("{at}{path}"))
                .header("Cookie", cookies.join("; "))
                .header("Origin", &at);
            answer
                .send_form(form.iter().copied())
                .expect("an answer")
                .status()
        };
        let csrf = get("/sign-in", &mut cookies);
        post("/sign-in", &[("csrf", &csrf), ("email", email)], &cookies);
        let link = (0..100).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            let mails = std::fs::read_dir(folder.join("mails")).ok()?.flatten();
            let own = mails
                .filter_map(|mail| std::fs::read_to_string(mail.path()).ok())
                .find(|mail| mail.contains(&format!("To: {email}")))?;
            // Quoted-printable encoding breaks long lines after an equals sign.
            let text = own.replace("=\r\n", "").replace("=\n", "");
            text.lines().find_map(|line| {
                Some(format!(
                    "/sign-in/{}",
                    line.strip_prefix("http")?.split_once("/sign-in/")?.1.trim()
                ))
            })
        });
        let link = link.expect("a mail with a link");
        let csrf = get(&link, &mut cookies);
        assert!(
            post(&link, &[("csrf", &csrf)], &cookies).is_redirection(),
            "{email} signs in"
        );
    }

    pub fn start(url: &str, folder: &Path, token: String) -> Self {
        let mut program = program(url, folder);
        let mut child = program
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its standard error")).lines();
        let serving = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("serving address=")?.1.trim().to_owned()));
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            host: serving.expect("the program serves"),
            token,
        }
    }

    /// Resident memory of the process, in MiB.
    pub fn memory_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .unwrap_or_default();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap_or_default();
        line.trim()
            .trim_end_matches(" kB")
            .parse::<u64>()
            .unwrap_or_default()
            / 1024
    }

    pub fn bearer(&self) -> String {
        format!("Authorization: Bearer {}\r\n", self.token)
    }

    /// The bytes of a command request with its own idempotency key.
    pub fn command(&self, path: &str, key: &str, body: &Value) -> Vec<u8> {
        post(
            &format!("/api/v1/{path}"),
            &format!("{}Idempotency-Key: {key}\r\n", self.bearer()),
            &body.to_string(),
        )
    }

    /// Sends a command during set-up. Returns the id of the record.
    pub async fn send_ok(&self, connection: &mut Connection, path: &str, body: &Value) -> String {
        let key = microgrants::clock::new_id().to_string();
        let (status, answer) = connection.ask(&self.command(path, &key, body)).await;
        assert!(
            (200..300).contains(&status),
            "{path}: {}",
            String::from_utf8_lossy(answer)
        );
        let answer: Value = serde_json::from_slice(answer).expect("JSON");
        answer["id"].as_str().unwrap_or_default().to_owned()
    }

    /// Publishes a form, and opens a fund with money and a round.
    pub async fn open_fund(&self, connection: &mut Connection) -> String {
        let question =
            json!({ "question": "idea", "label": "What?", "help": "Say.", "required": true });
        self.send_ok(
            connection,
            "organisation/publish-form",
            &json!({ "questions": [question] }),
        )
        .await;
        let fund = self.fund(connection).await;
        self.send_ok(connection, &format!("funds/{fund}/allocate"), &allocate())
            .await;
        self.send_ok(connection, &format!("funds/{fund}/open"), &json!({}))
            .await;
        let today = microgrants::clock::day_of(microgrants::clock::Clock::System.now());
        let closes = today.saturating_add(jiff::Span::new().days(60));
        let plan = json!({ "round": "first", "name": "First", "opens_on": today, "closes_on": closes, "form": 1 });
        self.send_ok(connection, &format!("funds/{fund}/plan-round"), &plan)
            .await;
        self.send_ok(
            connection,
            &format!("funds/{fund}/open-round"),
            &json!({ "round": "first" }),
        )
        .await;
        fund
    }

    pub async fn fund(&self, connection: &mut Connection) -> String {
        let rules = json!({
            "minimum": "500.00", "maximum": "2500.00", "eyes": 2, "quorum": 1, "checks": [], "checks_at_risk": [], "offer_days": 28,
            "signers": 2, "remind_days": 14,
        });
        self.send_ok(
            connection,
            "funds",
            &json!({ "name": "A fund", "purpose": "To meet", "areas": ["oldham"], "rules": rules }),
        )
        .await
    }

    /// Registers a group and its only member, who has a phone. Returns both.
    pub async fn group(&self, connection: &mut Connection) -> (String, String) {
        let member = self.send_ok(connection, "people", &member()).await;
        let group = self.send_ok(connection, "groups", &group()).await;
        // The member has no email address, so an officer records their consent with `join`.
        for command in ["add-member", "join"] {
            let path = format!("groups/{group}/{command}");
            self.send_ok(connection, &path, &json!({ "person": member }))
                .await;
        }
        (group, member)
    }

    /// Starts an application for a new group.
    pub async fn draft(&self, connection: &mut Connection, fund: &str) -> String {
        let (group, _) = self.group(connection).await;
        self.send_ok(
            connection,
            "applications",
            &json!({ "fund": fund, "round": "first", "group": group }),
        )
        .await
    }
}

pub fn member() -> Value {
    json!({ "name": "Cass", "telephone": "0161 496 0000" })
}

pub fn group() -> Value {
    json!({ "name": "Soup and song", "area": "oldham", "standing": "new" })
}

pub fn allocate() -> Value {
    json!({ "source": { "funder": "health" }, "amount": "1.00", "reference": "R1", "received_on": "2026-01-01" })
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
