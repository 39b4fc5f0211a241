//! A browser without scripts: it stores cookies, follows redirects, and submits forms as the page
//! shows them.

use std::collections::BTreeMap;
use std::time::Duration;

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    pub text: String,
    pub headers: BTreeMap<String, String>,
    /// The path after redirects.
    pub path: String,
}

/// One person's browser.
pub struct Browser {
    address: String,
    agent: ureq::Agent,
    pub cookies: BTreeMap<String, String>,
    /// Further headers of every form.
    pub headers: Vec<(&'static str, String)>,
    /// File name of uploads.
    pub file_name: String,
}

impl Page {
    pub fn contains(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// The value of the first hidden field of this name.
    pub fn hidden_field(&self, name: &str) -> String {
        let (_, rest) = self
            .text
            .split_once(&format!("name=\"{name}\" value=\""))
            .unwrap_or_else(|| panic!("no {name} on {}", self.path));
        rest.split('"')
            .next()
            .unwrap()
            .replace("&#38;", "&")
            .replace("&#x2f;", "/")
    }
}

impl Browser {
    pub fn new(address: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)));
        Self {
            address: address.to_owned(),
            agent: config.build().into(),
            cookies: BTreeMap::new(),
            headers: Vec::new(),
            file_name: "a file".to_owned(),
        }
    }

    pub fn get(&mut self, path: &str) -> Page {
        let mut path = path.to_owned();
        for _ in 0..8 {
            let mut request = self
                .agent
                .get(format!("{}{path}", self.address))
                .header("Cookie", self.cookie_header());
            request = request.header("Accept", "text/html");
            let page = self.store_cookies(request.call().expect("the service answers"), &path);
            match page.headers.get("location") {
                Some(to) if (300..400).contains(&page.status) => path.clone_from(to),
                _ => return page,
            }
        }
        panic!("{path} leads on and on")
    }

    /// Asks for the headers of an address, without following redirects.
    pub fn head(&mut self, path: &str) -> Page {
        let request = self
            .agent
            .head(format!("{}{path}", self.address))
            .header("Cookie", self.cookie_header());
        self.store_cookies(request.call().expect("the service answers"), path)
    }

    /// Downloads a file. Returns its bytes and media type.
    pub fn download(&mut self, path: &str) -> (Vec<u8>, String) {
        let request = self
            .agent
            .get(format!("{}{path}", self.address))
            .header("Cookie", self.cookie_header());
        let mut response = request.call().expect("the service answers");
        assert_eq!(response.status().as_u16(), 200, "{path}");
        let media = response.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        (response.body_mut().read_to_vec().expect("whole"), media)
    }

    /// Posts fields without following redirects.
    pub fn post_fields(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
            .collect();
        self.post(path, "application/x-www-form-urlencoded", body.join("&"))
    }

    /// Posts fields and then files, each with its field name, without following redirects.
    pub fn post_files(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str)],
    ) -> Page {
        const BETWEEN: &str = "between-the-parts";
        let field = |(name, value): &(&str, &str)| {
            format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}")
        };
        let file = |(name, content): &(&str, &str)| {
            format!(
                "Content-Disposition: form-data; name=\"{name}\"; filename=\"{}\"\r\n\
                    Content-Type: application/pdf\r\n\r\n{content}",
                self.file_name
            )
        };
        let parts = fields.iter().map(field).chain(files.iter().map(file));
        let body: String = parts
            .flat_map(|part| [format!("--{BETWEEN}\r\n"), part, "\r\n".to_owned()])
            .collect();
        let body = format!("{body}--{BETWEEN}--\r\n");
        self.post(
            path,
            &format!("multipart/form-data; boundary={BETWEEN}"),
            body,
        )
    }

    /// Posts any body.
    pub fn post_bytes(&mut self, path: &str, media: &str, body: &[u8]) -> Page {
        let request = self
            .agent
            .post(format!("{}{path}", self.address))
            .header("Cookie", self.cookie_header())
            .header("Content-Type", media);
        self.store_cookies(request.send(body).expect("the service answers"), path)
    }

    fn post(&mut self, path: &str, media: &str, body: String) -> Page {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.address))
            .header("Cookie", self.cookie_header());
        request = request.header("Content-Type", media);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        self.store_cookies(request.send(body).expect("the service answers"), path)
    }

    /// Submits the form of a page with these fields, and follows redirects.
    pub fn submit_form(&mut self, page: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = page.hidden_field("csrf");
        let key = if page.contains("name=\"key\"") {
            page.hidden_field("key")
        } else {
            String::new()
        };
        let unseen = [("csrf", csrf.as_str()), ("key", key.as_str())];
        let sent = self.post_fields(path, &[&unseen, fields].concat());
        match sent.headers.get("location") {
            Some(to) if sent.status == 303 => self.get(&to.clone()),
            _ => sent,
        }
    }

    fn cookie_header(&self) -> String {
        self.cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn store_cookies(
        &mut self,
        mut response: ureq::http::Response<ureq::Body>,
        path: &str,
    ) -> Page {
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie
                .to_str()
                .expect("text")
                .split(';')
                .next()
                .unwrap_or_default();
            let (name, value) = cookie.split_once('=').expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    value.to_str().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        let status = response.status().as_u16();
        Page {
            status,
            text: response.body_mut().read_to_string().unwrap_or_default(),
            headers,
            path: path.to_owned(),
        }
    }
}

fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
