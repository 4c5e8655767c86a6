//! `report`: the report that `annotate` prints at its end, or only the failed images.

use crate::arguments::{Global, Report};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::library;
use crate::messages;
use crate::output::Console;
use crate::target;

pub fn report(arguments: &Report, global: &Global, output: Console) -> Result<Exit, CommandError> {
    let library = library::open(global)?;
    let report = library.insight.report(library::find_run(&library, arguments.run)?)?;
    if let Some(folder) = &arguments.page {
        target::check_folder(&library, folder)?;
        let language = arguments.language.unwrap_or_default().of_page();
        let notices = messages::notices(&report.diagnoses, language);
        let written = library.insight.write_page(&report, &notices, language, folder)?;
        output.add(|out| messages::written_report(out, &written))?;
    } else if arguments.failures {
        output.show(&report.failed_images, |out| messages::failures(out, &report))?;
    } else {
        output.show(&report, |out| messages::report(out, &report))?;
    }
    Ok(Exit::Done)
}
