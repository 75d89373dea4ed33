//! A trust server on loopback that serves forged files and counts what it is asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, Response, StatusCode};
use jiff::Timestamp as Time;
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;
use trustdeck::tuf::FileMeta;

use crate::support::forge::{Files, Repository, noon};

#[derive(Default)]
struct Shelf {
    files: BTreeMap<String, Vec<u8>>,
    asked: Vec<String>,
    down: Option<StatusCode>,
    date: Option<Time>,
    gate: Option<Arc<Barrier>>,
    after_upload: BTreeMap<String, Vec<u8>>,
}

/// The running server; it ends with the value.
pub struct Origin {
    pub url: String,
    shelf: Arc<Mutex<Shelf>>,
    task: JoinHandle<()>,
}

impl Origin {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shelf = Arc::new(Mutex::new(Shelf { date: Some(noon()), ..Shelf::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shelf));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shelf, task }
    }

    /// Serves a repository as it is now; older files stay under their hashes, older roots under their versions.
    pub fn serve(&self, repository: &Repository) -> Files {
        let (built, files) = shelved(repository);
        self.shelf.lock().unwrap().files.extend(files);
        built
    }

    /// Takes the next upload, throws it away, and serves this from then on.
    pub fn serve_after_upload(&self, repository: &Repository) {
        self.shelf.lock().unwrap().after_upload = shelved(repository).1;
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.shelf.lock().unwrap().files.clear();
    }

    /// Answers everything with this status, or works again.
    pub fn fail_with(&self, status: Option<StatusCode>) {
        self.shelf.lock().unwrap().down = status;
    }

    /// Listens no more.
    pub fn stop(&self) {
        self.task.abort();
    }

    /// What the server's clock says.
    pub fn set_date(&self, date: Time) {
        self.shelf.lock().unwrap().date = Some(date);
    }

    /// Holds every timestamp back until so many are asked for at the same time.
    pub fn gather(&self, count: usize) {
        self.shelf.lock().unwrap().gate = Some(Arc::new(Barrier::new(count)));
    }

    /// The file names that were asked for since the last call, sorted, hashes as `#`.
    pub fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut self.shelf.lock().unwrap().asked);
        asked.sort();
        asked
    }

    /// How many requests came since [`Origin::asked`].
    pub fn count(&self) -> usize {
        self.shelf.lock().unwrap().asked.len()
    }
}

/// A repository's files, and where each is asked for.
fn shelved(repository: &Repository) -> (Files, BTreeMap<String, Vec<u8>>) {
    let (built, mut files) = (repository.build(), BTreeMap::new());
    for (role, bytes) in &built.files {
        let at = format!("/v2/{}/_trust/tuf/{role}", built.gun);
        let sha256 = FileMeta::of(bytes).sha256().unwrap();
        files.insert(format!("{at}.{sha256}.json"), bytes.clone());
        files.insert(format!("{at}.json"), bytes.clone());
    }
    let root = format!("/v2/{}/_trust/tuf/{}.root.json", built.gun, repository.root.version);
    files.insert(root, built.get(&trustdeck::tuf::Role::Root).to_vec());
    (built, files)
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How a trust server says that it has no such file.
const ABSENT: &[u8] = br#"{"errors":[{"code":"METADATA_NOT_FOUND","message":"You have requested metadata that does not exist.","detail":null}]}"#;

async fn answer(State(shelf): State<Arc<Mutex<Shelf>>>, request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let file = path.split("/_trust/tuf/").nth(1).unwrap_or(&path).to_owned();
    let gate = {
        let mut shelf = shelf.lock().unwrap();
        let parts = file.split('.').map(|part| if part.len() == 64 { "#" } else { part });
        shelf.asked.push(parts.collect::<Vec<_>>().join("."));
        shelf.gate.clone().filter(|_| file == "timestamp.json")
    };
    if let Some(gate) = gate {
        gate.wait().await;
    }
    let mut shelf = shelf.lock().unwrap();
    if request.method() == Method::POST && !shelf.after_upload.is_empty() {
        let after = std::mem::take(&mut shelf.after_upload);
        shelf.files.extend(after);
        return Response::new(Body::empty());
    }
    let mut response = Response::builder();
    if let Some(date) = shelf.date {
        response = response.header("date", date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    }
    let (status, body) = match (shelf.down, shelf.files.get(&path)) {
        (Some(status), _) => (status, Vec::new()),
        (None, Some(bytes)) => (StatusCode::OK, bytes.clone()),
        _ => (StatusCode::NOT_FOUND, ABSENT.to_vec()),
    };
    response.status(status).body(Body::from(body)).unwrap()
}
