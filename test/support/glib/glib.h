/* What qemu-plugin.h takes from glib: names of types. */
typedef struct _GArray GArray;
typedef struct _GByteArray GByteArray;
