/* What cuda_dlsym_choose answers; shared with cuda_dlsym.S. */
#ifndef SHAPEBOX_LIBSHIM_CUDA_DLSYM_H
#define SHAPEBOX_LIBSHIM_CUDA_DLSYM_H

#define CUDA_DLSYM_JUMP 0      /* go on to the real one with the arguments as they are */
#define CUDA_DLSYM_RETURN 1    /* `value` is the answer */
#define CUDA_DLSYM_ELSEWHERE 2 /* go on to the real one, `value` being the handle */

#endif
