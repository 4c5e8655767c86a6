//! A recipe in the making, with remarks.

use std::collections::HashSet;

use domain::recipe::{
    Attribute, AttributeKind, AttributeSubject, IMAGE_LABEL, ImportRemark, ImportRemarkKind, ImportedRecipe, Label,
    Recipe, RecipeSource, ShapeKind, comparable,
};
use domain::text::is_hidden;

use crate::error::{RecipeFileError, Result};

#[derive(Default)]
pub struct Draft {
    recipe: Recipe,
    /// The names of the labels, normalized.
    names: HashSet<String>,
    remarks: Vec<ImportRemark>,
    known_remarks: HashSet<ImportRemark>,
}

impl Draft {
    pub fn new(name: String) -> Self {
        Self { recipe: Recipe { name, ..Recipe::default() }, ..Self::default() }
    }

    /// Adds a label, unless there is one of this name.
    pub fn label(&mut self, name: &str) -> Option<&mut Label> {
        let spaced = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = spaced.replace(is_hidden, "");
        if name.len() < spaced.len() {
            self.remark(&spaced, ImportRemarkKind::Changed { became: name.clone() });
        }
        if !self.names.insert(comparable(&name)) {
            self.remark(&name, ImportRemarkKind::DuplicateNotImported);
            return None;
        }
        self.recipe.labels.push(Label::plain(name, self.recipe.labels.len()));
        self.recipe.labels.last_mut()
    }

    pub fn labels(&mut self) -> &mut Vec<Label> {
        &mut self.recipe.labels
    }

    pub fn shape(&mut self, shape: ShapeKind) {
        if !self.recipe.shapes.contains(&shape) {
            self.recipe.shapes.push(shape);
        }
    }

    pub fn instruct(&mut self, line: &str) {
        if !self.recipe.instructions.is_empty() {
            self.recipe.instructions.push('\n');
        }
        self.recipe.instructions.push_str(line);
    }

    /// Adds a remark once.
    pub fn remark(&mut self, about: &str, remark: ImportRemarkKind) {
        let remark = ImportRemark { about: about.to_owned(), remark };
        if self.known_remarks.insert(remark.clone()) {
            self.remarks.push(remark);
        }
    }

    pub fn setting_not_imported(&mut self, about: &str, setting: &str) {
        self.remark(about, ImportRemarkKind::SettingNotImported { setting: setting.to_owned() });
    }

    /// Adds an attribute. One of `owner`, a label, that differs from one of the same name gets a name of its own.
    pub fn attribute(&mut self, mut attribute: Attribute, owner: &str) {
        if let AttributeKind::Choice { options } | AttributeKind::SeveralOf { options } = &mut attribute.kind {
            let mut distinct: Vec<String> = Vec::new();
            for option in options.drain(..).filter(|option| !option.trim().is_empty()) {
                if !distinct.contains(&option) {
                    distinct.push(option);
                }
            }
            if distinct.len() < 2 {
                attribute.kind = AttributeKind::Text;
                self.remark(&attribute.name, ImportRemarkKind::Changed { became: "text".into() });
            } else {
                *options = distinct;
            }
        }
        let same_name =
            |own: &&mut Attribute| own.of == attribute.of && comparable(&own.name) == comparable(&attribute.name);
        match self.recipe.attributes.iter_mut().find(same_name) {
            None => self.recipe.attributes.push(attribute),
            Some(own) if own.kind == attribute.kind => own.is_required &= attribute.is_required,
            Some(_) => {
                let name = format!("{owner} {}", attribute.name);
                let is_taken = self.recipe.attributes.iter().any(|own| comparable(&own.name) == comparable(&name));
                if owner.is_empty() || is_taken {
                    self.remark(&attribute.name, ImportRemarkKind::DuplicateNotImported);
                } else {
                    self.remark(&attribute.name, ImportRemarkKind::Changed { became: name.clone() });
                    self.recipe.attributes.push(Attribute { name, ..attribute });
                }
            }
        }
    }

    pub fn finish(mut self, source: RecipeSource) -> Result<ImportedRecipe> {
        if self.recipe.labels.is_empty() && !self.recipe.has_attributes_of(AttributeSubject::Image) {
            return Err(RecipeFileError::NoLabels);
        }
        if self.recipe.labels.is_empty() {
            self.recipe.shapes.clear();
        } else if self.recipe.shapes.is_empty() {
            self.recipe.shapes.push(ShapeKind::Box);
        }
        if self.recipe.has_attributes_of(AttributeSubject::Image)
            && let Some(at) = self.recipe.labels.iter().position(|label| comparable(&label.name) == IMAGE_LABEL)
        {
            let became = format!("{} object", self.recipe.labels[at].name);
            let name = std::mem::replace(&mut self.recipe.labels[at].name, became.clone());
            self.remark(&name, ImportRemarkKind::Changed { became });
        }
        Ok(ImportedRecipe { recipe: self.recipe, source, remarks: self.remarks })
    }
}
