/*
 * What a collective's arguments are behind their boxes: the kind of reduction, and the size of the group.
 *
 * They are custom C++ classes in a ScriptObject (ATen/core/ivalue_inl.h, ivalue::Object: its slots, a vector, hold one capsule
 * that points to the object). Which class it is tells the object's vtable. c10d::ReduceOp (torch/csrc/distributed/c10d/Types.hpp)
 * begins with its kind; c10d::ProcessGroup (ProcessGroup.hpp) with its store, rank and size.
 *
 * Where the slots lie is found by what they hold, on the first such argument, with every address asked for before it is read;
 * a group is only believed once one has shown the rank and world size that the launcher gave to this process, or the place and size that
 * Python's table has (group.h). What isn't
 * proven stays unknown (BOX_CHECK_COLLECTIVE). After that: plain loads, any thread, no call.
 */
#ifndef SHAPEBOX_LIBSHIM_COLLECTIVE_H
#define SHAPEBOX_LIBSHIM_COLLECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLLECTIVE_TEXT 24u

/* The text that stands for OBJECT (an ivalue::Object) in a signature: "MAX", "8 ranks", "8 ranks #3" (which
 * group, where it is known: group.h); with its end.
 * False: it is none of these, or not known. */
bool collective_text(const void *object, char text[COLLECTIVE_TEXT]);

/* PLACE of this process among the SIZE ranks of GROUP (a c10d::ProcessGroup); false: not known. */
bool collective_place(const void *group, int32_t *place, int32_t *size);

/* A group of several ranks has shown what the launcher, or Python's table, tells of it: from now on groups are believed. */
void collective_prove(void);

#endif
