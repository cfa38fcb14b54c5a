/*
 * What a collective's arguments are behind their boxes: the kind of reduction, and the size of the group.
 *
 * They are custom C++ classes in a ScriptObject (ATen/core/ivalue_inl.h, ivalue::Object: its slots, a vector, hold one capsule
 * that points to the object). Which class it is tells the object's vtable. c10d::ReduceOp (torch/csrc/distributed/c10d/Types.hpp)
 * begins with its kind; c10d::ProcessGroup (ProcessGroup.hpp) with its store, rank and size.
 *
 * Where the slots lie is found by what they hold, on the first such argument, with every address asked for before it is read;
 * a group is only believed once one has shown the rank and world size that the launcher gave to this process. What isn't
 * proven stays unknown (BOX_CHECK_COLLECTIVE). After that: plain loads, any thread, no call.
 */
#ifndef SHAPEBOX_LIBSHIM_COLLECTIVE_H
#define SHAPEBOX_LIBSHIM_COLLECTIVE_H

#include <stdbool.h>
#include <stddef.h>

/* The text that stands for OBJECT (an ivalue::Object) in a signature: "MAX", "8 ranks"; at most 16 bytes with its end.
 * False: it is none of these, or not known. */
bool collective_text(const void *object, char text[16]);

#endif
