#!/bin/sh
set -e
cat > app <<EOF
#!/bin/sh
echo app
EOF
chmod +x app
