#include <hdf5.h>

// Swift does not import macros that call H5open(); each is a function here.
static inline hid_t hf_h5t_native_float(void) { return H5T_NATIVE_FLOAT; }
