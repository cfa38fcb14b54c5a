/* Python frames without the GIL: choosing the layout, the walk, what a code object says. See frames.h. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"
#include "frames_layout.h"
#include "frames_site.h"

struct frame_layout frame_layout;
static bool allowed;
static const char *(*thread_state)(void);
static int (*address_line)(const void *code, int lasti);

bool
frames_select_minor(int minor)
{
	for (int i = 0; i < FRAME_LAYOUTS; i++)
		if (frame_layouts[i].minor == minor) {
			frame_layout = frame_layouts[i];
			frames_site_select(i);
			return true;
		}
	return false;
}

bool
frames_select(void)
{
	const char *(*version)(void) = (const char *(*)(void))dlsym(RTLD_DEFAULT, "Py_GetVersion");
	const char *text = version ? version() : NULL;

	thread_state = (const char *(*)(void))dlsym(RTLD_DEFAULT, "PyGILState_GetThisThreadState");
	address_line = (int (*)(const void *, int))dlsym(RTLD_DEFAULT, "PyCode_Addr2Line");
	if (!text || !thread_state || !address_line || strncmp(text, "3.", 2))
		return false;
	int minor = atoi(text + 2);
	return frames_select_minor(minor);
}

void
frames_allow(bool ok)
{
	__atomic_store_n(&allowed, ok, __ATOMIC_RELEASE);
}

const void *
frames_state(void)
{
	return __atomic_load_n(&allowed, __ATOMIC_ACQUIRE) ? thread_state() : NULL;
}

int
frames_walk(struct frame_ref *out, int max)
{
	const char *state = frame_layout.minor ? thread_state() : NULL, *frame;
	int count = 0;

	if (!state)
		return 0;
	for (frame = frame_python(&frame_layout, frame_of_state(&frame_layout, state)); frame && count < max;
	     frame = frame_around(&frame_layout, frame)) {
		const char *code = frame_code(&frame_layout, frame);
		out[count].code = code;
		out[count++].lasti = frame_lasti(&frame_layout, code, frame_instruction(&frame_layout, frame));
	}
	return count;
}

void
frames_code(const void *code, const void **file, const void **function, int *first_line)
{
	*file = frame_pointer(code, frame_layout.code_file);
	*function = frame_pointer(code, frame_layout.code_qualified);
	*first_line = *(const int *)((const char *)code + frame_layout.code_first_line);
}

int
frames_line(const struct frame_ref *ref)
{
	int line = address_line ? address_line(ref->code, ref->lasti) : 0;

	return line > 0 ? line : 0;
}

static size_t
encode_utf8(uint32_t c, char *out)
{
	if (c < 0x80)
		return out[0] = (char)c, 1;
	if (c < 0x800)
		return out[0] = (char)(0xc0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
	if (c < 0x10000)
		return out[0] = (char)(0xe0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63)),
		       out[2] = (char)(0x80 | (c & 63)), 3;
	out[0] = (char)(0xf0 | (c >> 18 & 7)), out[1] = (char)(0x80 | (c >> 12 & 63));
	return out[2] = (char)(0x80 | (c >> 6 & 63)), out[3] = (char)(0x80 | (c & 63)), 4;
}

size_t
frames_text(const void *object, char *text, size_t room)
{
	const char *str = object;
	size_t used = 0;

	if (str && room > 8) {
		/* PyASCIIObject: ob_base 16, length 16, hash 24, state 32 {interned:2, kind:3, compact:1, ascii:1} */
		int64_t length = *(const int64_t *)(str + 16);
		uint32_t state = *(const uint32_t *)(str + 32);
		unsigned kind = state >> 2 & 7;
		const char *data = str + (state >> 6 & 1 ? frame_layout.text_ascii : frame_layout.text_wide);
		if (state >> 5 & 1 && (kind == 1 || kind == 2 || kind == 4))
			for (int64_t i = 0; i < length && used + 5 < room; i++) {
				uint32_t c = kind == 1 ? ((const uint8_t *)data)[i]
					   : kind == 2 ? ((const uint16_t *)data)[i]
						       : ((const uint32_t *)data)[i];
				used += encode_utf8(c, text + used);
			}
	}
	if (room)
		text[used] = 0;
	return used;
}
