//! The images of sections: which variables they hold and of what type, by the object model.

use bpf::{object::Object, section::datasec_ident};
use btf::{Type, TypeId, members::find_member};
use cfront::symbol::Symbol;

use super::{
    interpret::Analysis,
    state::{Site, State},
};
use crate::skeletons::HeaderKind;

impl Analysis<'_> {
    /// The object model behind an object, when its source was found.
    pub(super) fn model(&self, site: Site, state: &State) -> Option<&Object> {
        let skeleton = self.skeletons.get(state.objects.get(&site)?.skeleton)?;
        if skeleton.kind == HeaderKind::Subskeleton {
            return None;
        }
        skeleton.object.as_deref()
    }

    /// Whether an object is seen through a subskeleton.
    pub(super) fn is_subskeleton(&self, site: Site, state: &State) -> bool {
        let skeleton = state.objects.get(&site).and_then(|o| self.skeletons.get(o.skeleton));
        skeleton.is_some_and(|skeleton| skeleton.kind == HeaderKind::Subskeleton)
    }

    /// The type of a variable of a section, by the skeleton's names.
    pub(super) fn image_type(
        &self,
        site: Site,
        state: &State,
        section: Symbol,
        member: Symbol,
    ) -> Option<TypeId> {
        let object = self.model(site, state)?;
        let section = section_by_field(object, section.as_str())?;
        let variable = section.variables.iter().find(|v| v.name == member.as_str())?;
        Some(variable.ty)
    }

    fn strip<'b>(
        &'b self,
        site: Site,
        state: &State,
        ty: TypeId,
    ) -> Option<(&'b Object, &'b Type)> {
        let object = self.model(site, state)?;
        Some((object, object.btf.get(object.btf.resolve(ty)?)))
    }

    pub(super) fn is_array(&self, site: Site, state: &State, ty: TypeId) -> Option<bool> {
        Some(matches!(self.strip(site, state, ty)?.1, Type::Array { .. }))
    }

    pub(super) fn element(&self, site: Site, state: &State, ty: TypeId) -> Option<TypeId> {
        match self.strip(site, state, ty)?.1 {
            Type::Array { elem, .. } => Some(*elem),
            _ => None,
        }
    }

    pub(super) fn member_type(
        &self,
        site: Site,
        state: &State,
        ty: TypeId,
        name: Symbol,
    ) -> Option<TypeId> {
        let object = self.model(site, state)?;
        Some(find_member(&object.btf, ty, name.as_str())?.member.ty)
    }
}

/// The section behind a member of the skeleton's struct.
pub(crate) fn section_by_field<'a>(
    object: &'a Object,
    field: &str,
) -> Option<&'a bpf::object::Section> {
    object.sections.iter().find(|s| datasec_ident(&s.name).is_some_and(|ident| ident == field))
}
