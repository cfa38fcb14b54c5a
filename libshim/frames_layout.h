/*
 * Where each minor version of CPython keeps what frames.c and frames_site.c read. See frames.h for the sources.
 *
 * The readers take the layout as an argument: with a row of the table itself (a constant) every offset is one in the code.
 */
#ifndef SHAPEBOX_LIBSHIM_FRAMES_LAYOUT_H
#define SHAPEBOX_LIBSHIM_FRAMES_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/* Byte offsets of one CPython minor version. -1: not there. */
struct frame_layout {
	int minor;
	short state_first;   /* thread state -> frame, or -> cframe */
	short state_second;  /* cframe -> frame; -1: state_first is the frame */
	short frame_code, frame_previous, frame_instruction;
	short frame_owner;   /* -1: all frames are Python's own */
	short instruction_unit; /* 0: a pointer into the code; else an index times this many bytes */
	short code_file, code_name, code_qualified, code_first_line, code_bytes;
	short text_ascii, text_wide; /* where a compact str's characters begin */
	short code_tags;     /* bits of frame_code that are no part of the address */
};

#define FRAME_LAYOUTS 5

static const struct frame_layout frame_layouts[FRAME_LAYOUTS] = {
	{ 10, 24, -1, 32, 24, 96, -1, 2, 104, 112, 112, 40, 0, 48, 72, 0 },
	{ 11, 56, 8, 32, 48, 56, -1, 0, 112, 120, 128, 72, 184, 48, 72, 0 },
	{ 12, 56, 0, 0, 8, 56, 70, 0, 112, 120, 128, 68, 192, 40, 56, 0 },
	{ 13, 72, -1, 0, 8, 56, 70, 0, 112, 120, 128, 68, 200, 40, 56, 0 },
	{ 14, 72, -1, 0, 8, 56, 74, 0, 112, 120, 128, 68, 208, 40, 56, 1 },
};

#define FRAME_OWNER_C 3 /* the least that is the interpreter's own; 3.14 has two such */

/* The running Python's; `minor` 0: none was chosen. */
extern struct frame_layout frame_layout __attribute__((visibility("hidden")));

static inline const char *
frame_pointer(const char *base, short offset)
{
	return *(const char *const *)(base + offset);
}

/* The innermost frame of the thread of STATE. */
static inline const char *
frame_of_state(const struct frame_layout *layout, const char *state)
{
	state = frame_pointer(state, layout->state_first);
	return state && layout->state_second >= 0 ? frame_pointer(state, layout->state_second) : state;
}

/* FRAME, or the first one around it that is Python's own; NULL if none is. */
static inline const char *
frame_python(const struct frame_layout *layout, const char *frame)
{
	if (layout->frame_owner >= 0)
		while (frame && frame[layout->frame_owner] >= FRAME_OWNER_C)
			frame = frame_pointer(frame, layout->frame_previous);
	return frame;
}

static inline const char *
frame_around(const struct frame_layout *layout, const char *frame)
{
	return frame_python(layout, frame_pointer(frame, layout->frame_previous));
}

/* The code object of FRAME. (3.14 keeps a _PyStackRef, whose lowest bit says who counts it.) */
static inline const char *
frame_code(const struct frame_layout *layout, const char *frame)
{
	return (const char *)((uintptr_t)frame_pointer(frame, layout->frame_code) & ~(uintptr_t)layout->code_tags);
}

/* What FRAME executes: a pointer into its code, or an index (frame_lasti makes one number of both). */
static inline const char *
frame_instruction(const struct frame_layout *layout, const char *frame)
{
	return layout->instruction_unit ? (const char *)(uintptr_t) * (const unsigned *)(frame + layout->frame_instruction)
					: frame_pointer(frame, layout->frame_instruction);
}

static inline int
frame_lasti(const struct frame_layout *layout, const char *code, const char *instruction)
{
	return layout->instruction_unit ? (int)(uintptr_t)instruction * layout->instruction_unit
					: (int)(instruction - (code + layout->code_bytes));
}

#endif
